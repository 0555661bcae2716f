"""Pure arithmetic of the figures: `months.py` what movements mean, `charts.py` where a chart's bars stand."""
