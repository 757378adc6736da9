"""Films on disc become a catalogue: found, opened, told apart by patient, divided, audited, and decoded once.

catalogue       FilmRecord, Catalogue: the values         catalogue_file  Parquet and CSV
found           a film that was found, and class words    folders, tables where films are found
patients        keys from a file name to a patient        inspection      what one file is when it is opened
index           found, opened -> catalogue                workspace       an index kept up to date
draws           groups drawn by seed                      protocols       which groups are kept from development
splits          who serves what                           duplicates      films that look alike
fewer           a split with fewer fit patients           cross_fit       folds, where none are kept back to calibrate
audit           every check that decides honesty          corrections     labels that a person changed
pixels          each film decoded once                    workers         the same work in many processes
counts          films and patients of each folder         pictures        counts and example films as PNG
phantom         films drawn by hilum                      download        public data sets
"""

from __future__ import annotations

from hilum.datasets.catalogue import LABELS, Catalogue, FilmRecord, shared_patients
from hilum.datasets.catalogue_file import read_catalogue, write_catalogue
from hilum.datasets.index import index_csv, index_folder
from hilum.datasets.pixels import open_pixels
from hilum.datasets.splits import PROTOCOLS, Split, split_films
from hilum.datasets.workspace import WORKSPACE, resolve_catalogue

__all__ = [
    "LABELS",
    "PROTOCOLS",
    "WORKSPACE",
    "Catalogue",
    "FilmRecord",
    "Split",
    "index_csv",
    "index_folder",
    "open_pixels",
    "read_catalogue",
    "resolve_catalogue",
    "shared_patients",
    "split_films",
    "write_catalogue",
]
