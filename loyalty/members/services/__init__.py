"""Every change on this floor, one file per noun. `actor` is text such as "staff:12" or "api:3"."""
