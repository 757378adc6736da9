"""Evaluations for people.

page      one evaluation as one self-contained HTML file
figures, figures_usefulness   its pictures
worst     the films on which the model was most wrong
svg       a matplotlib figure inside a page
words     its sentences
rows      rows of the reproduction as lines of a table
reproduction, transfer   what `hilum reproduce` and `hilum study transfer` show
results   all evaluations of the project as one Markdown page; results_rows, results_looks,
          results_beyond: its sections
seeds     the table of docs/seeds.md
markdown  pieces of a Markdown page
"""

from hilum.reports.page import evaluation_page
from hilum.reports.svg import require_drawing
from hilum.reports.worst import MOST_ERRORS, worst_errors

__all__ = ["MOST_ERRORS", "evaluation_page", "require_drawing", "worst_errors"]
