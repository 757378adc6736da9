"""Where on a film a model's answer comes from, and how far a map of that may be trusted; NumPy and the graph alone.

evidence    the map of a method as a value, and the map at the film's own resolution
occlusion   a map from covering the film piece by piece
controls    maps that know nothing of the model: random, a blob in the centre, the film's own edges
curves      deletion and insertion: the answer as the film is covered in the order of a map
agreement   how alike two maps are
stability   how alike the maps of a film and of the same film moved by a few pixels are
inside      how much of a map lies in a box or a mask, and where its highest place is
"""
