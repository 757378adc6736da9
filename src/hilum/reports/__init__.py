"""Evaluations for people.

page      one evaluation as one self-contained HTML file
figures   its pictures
svg       a matplotlib figure inside a page
words     its sentences
results   all evaluations of the project as one Markdown page
"""

from hilum.reports.page import evaluation_page
from hilum.reports.svg import require_drawing

__all__ = ["evaluation_page", "require_drawing"]
