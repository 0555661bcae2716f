"""Rules, policies and explanations in the words of the language in force when the function is called.

Two voices: `staff` ("Members earn …") and `member` ("You earn …"). A sentence about a rule is one clause that says
what is given, then phrases that say when, each translated as a whole.
"""
