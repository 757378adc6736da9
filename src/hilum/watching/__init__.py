"""A folder that films come into: which are complete, and which have their report.

arrivals.py   looks at the folder again and again: a film is given out once it is complete
desk.py       what is done with each complete film, and the loop
outbox.py     the folder of reports, named by content and published by renaming
index.py      the list beside them: every name that a film came under
"""

from hilum.watching.arrivals import PATIENCE, Arrival, Arrivals
from hilum.watching.desk import Desk, Outcome, Surroundings
from hilum.watching.index import INDEX, Index, Line
from hilum.watching.outbox import Outbox

__all__ = ["INDEX", "PATIENCE", "Arrival", "Arrivals", "Desk", "Index", "Line", "Outbox", "Outcome", "Surroundings"]
