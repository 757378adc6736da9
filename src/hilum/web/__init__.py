"""The web page and the REST interface of `hilum serve`; nothing below this package knows of HTTP."""
