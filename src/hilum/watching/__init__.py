"""A folder that films come into: which are complete, and which have their report.

arrivals.py   looks at the folder again and again: a film is given out once it is complete
desk.py       what is done with each complete film, and the loop
outbox.py     the folder of reports, named by content and published by renaming
"""

from hilum.watching.arrivals import PATIENCE, Arrival, Arrivals
from hilum.watching.desk import Desk, Outcome, Surroundings
from hilum.watching.outbox import Outbox

__all__ = ["PATIENCE", "Arrival", "Arrivals", "Desk", "Outbox", "Outcome", "Surroundings"]
