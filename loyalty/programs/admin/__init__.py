"""Staff screens of the programs floor, one file per noun: programs, wallets, rules, members, activities, imports."""
