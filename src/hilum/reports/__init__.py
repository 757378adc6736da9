"""Evaluations and answers for people.

page      one evaluation as one self-contained HTML file
figures, figures_usefulness   its pictures
worst     the films on which the model was most wrong
svg       a matplotlib figure inside a page
words     its sentences
film_report   what a model says of films; film_report_about, _film, _words, _card, _list: its parts
language, said_elsewhere   other languages: catalogues, and sentences of other modules as patterns
explained, explanation, explanation_record   what models see in films
atlas     every channel of every layer
rows      rows of the reproduction as lines of a table
reproduction, transfer   what `hilum reproduce` and `hilum study transfer` show
results   all evaluations of the project as one Markdown page; results_rows, results_looks,
          results_beyond: its sections
seeds     the table of docs/seeds.md
markdown  pieces of a Markdown page
embedded  pictures and scripts inside a page

The package itself imports nothing: a report of one film needs no figure, and a server answers sooner without them.
"""
