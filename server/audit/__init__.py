"""The auditor's work on the log: `verifying` that nobody changed it, and `reading` who did what.

What verification proves: that the log is the one whose head was noted elsewhere. Each event's hash covers
all before it, so a head that is known (printed by every verification, to be kept where the owner of the
database cannot change it) stands for the whole history up to it. Without such a head it proves only that
the log is whole in itself, which whoever owns the database can make it.
"""
