"""The web pages on which administrators change what Doorward itself lets people do.

    /admin             leads to the first of them                                        `gate`
    /admin/roles       who has which role, who gave it, and the buttons to give and take   `roles_page`
    /admin/features    which features are on, who switched them, and the buttons for that  `features_page`

`gate` lets administrators in, and takes no form but our own. A form carries the version that its page showed, so
that nobody overrides what he has not seen; whether he still administers is decided with the command itself,
in the same transaction.
"""
