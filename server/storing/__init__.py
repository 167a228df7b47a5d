"""The whole store carried to another database: the log as it is stored, and beside it what no event holds
(accounts, tokens, keys of persons, cursors), all from one consistent read, so that a server may go on
writing. Read models are no part of it: they are made anew from the log, where it has come to.

    `kept` says which tables are carried, `copying` carries them and verifies them afterwards
"""
