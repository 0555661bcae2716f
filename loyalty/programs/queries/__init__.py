"""Every read of the programs floor, one file per noun: programs, balances, statements, activities, terms, imports."""
