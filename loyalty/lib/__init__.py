"""The tool shed: clock, errors, money, portal request, REST base. No tables, nothing that knows a program."""
