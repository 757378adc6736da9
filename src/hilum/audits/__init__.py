"""Audits: what a model could have learned, or been judged by, that is no pneumonia.

columns      named numbers for each film                 probes      what such numbers tell, patients never parted
file_traits  what a file tells before it is decoded      outline     border, corners and brightness of a film
low_level    what the grey levels look like              numbering   where a film stands in the numbering of its series
verdicts     a figure in words, the same in each audit
shortcuts    is the class told by what shows no lung?    lung_box    a model with the lungs hidden, or alone
shift        is an evaluation set like the training one? blocks      how far apart blocks of one set lie
features     a model's features in one pass              distances   Mahalanobis, nearest neighbours, energy
series       specificity by file series                 shift_record  the outcome of shift as a value
asked        which films a model is asked about
labels       labels that may be wrong                    robustness  a model on films made worse

Each audit is a function from films to a value; `hilum audit NAME` shows it.
"""
