"""Public data sets from where they are published to class folders on disc.

sources   addresses, checksums and licences     fetch            one file over HTTP: resumed, verified
partial   the unfinished file between two runs  archives         unpacked whole or not at all
medmnist  npz -> class folders of PNG           archive_members  what zip and tar hold, without trusting either
"""
