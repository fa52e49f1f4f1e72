"""Maps: offline folium pages and the viewer page."""
