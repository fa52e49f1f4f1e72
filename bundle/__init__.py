"""What an office on a closed network needs to install gridgis: ``make bundle``, docs/howto-offline.md."""
