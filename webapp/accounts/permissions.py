"""Who may do what, as Flask-Principal permissions.

A page says ``@login_required`` and below it ``@permissions.author.require(403)``: nobody is sent to sign in, somebody
without the role gets a 403. Roles come from the database on every request, so a change works at once.
"""

from __future__ import annotations

from flask_principal import Permission, RoleNeed

from webapp.accounts.models import Role

author = Permission(RoleNeed(Role.AUTHOR))
editor = Permission(RoleNeed(Role.EDITOR))
operator = Permission(RoleNeed(Role.OPERATOR))
admin = Permission(RoleNeed(Role.ADMIN))
