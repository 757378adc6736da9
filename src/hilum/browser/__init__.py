"""The page that answers in a browser without a server, and a model's graph for other programs.

`page` puts together the page of `hilum serve`, the modules in `modules/` that repeat `hilum.images` and
`hilum.runtime`, ONNX Runtime Web and one model. `modules/film.js` and `modules/answering.js` are the places to start.
"""
