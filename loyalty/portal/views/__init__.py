"""The pages of the portal, one file per noun; `door.py` says whose page it is and who may see it."""
