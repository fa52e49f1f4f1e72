"""Readers of vector files: one file for each format, and what they share (encodings, zip files, limits).

``gridgis.io.read`` is the way in. A reader takes a Source and the name of a layer and returns a table, with a CRS where
the file states one; whatever is wrong with the file comes out as InvalidInput.
"""
