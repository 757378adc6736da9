"""The published projects run again, row by row: each row a recipe under a protocol with a seed.

plan      the rows and their order
claims    what the projects published, and when a figure of ours is better
record    what is known of a row, as a value and as JSON
child     a hilum command in a process of its own: stoppable, its memory measured
row       one row: trained, judged, resumed
parts     how a model does on the films it learned from
summary   means over seeds; what a leak adds and the shift takes
publish   finished rows as results of the project
transfer  with and without ImageNet weights, from few patients and from many
"""
