"""Who gets which answer from which route: the table, and how it is read.

Columns, from nobody to whoever owns the organisation:
- nobody: no token; expired: the owner's token, ten minutes later
- stranger: an account with an organisation of its own
- member: a student of the organisation, in another of its courses
- colleague: a teacher of the organisation, not of this course
- student, teacher: of this course
- owner: of the organisation

Rows are the operations of the OpenAPI description; what stands in brackets is the state of things
for that row (`things.py`). 404 where others see 403: what one may not see does not exist.
"""

from dataclasses import dataclass

COLUMNS = ("nobody", "expired", "stranger", "member", "colleague", "student", "teacher", "owner")
TABLE = """
operation                                            nobody expired stranger member colleague student teacher owner
GET    /.well-known/jwks.json                           200     200      200    200       200     200     200   200
POST   /v1/auth/register                                201     201      201    201       201     201     201   201
POST   /v1/auth/login                                   200     200      200    200       200     200     200   200
POST   /v1/auth/login (wrong password)                  401     401      401    401       401     401     401   401
POST   /v1/auth/refresh (no cookie)                     401     401      401    401       401     401     401   401
PUT    /v1/auth/password (wrong password)               401     401      403    403       403     403     403   403
POST   /v1/auth/logout                                  204     204      204    204       204     204     204   204
GET    /v1/downloads/{ticket}                           200     200      200    200       200     200     200   200
GET    /v1/downloads/{ticket} (signed for another use)  404     404      404    404       404     404     404   404
OPTIONS /v1/uploads                                     204     204      204    204       204     204     204   204

GET    /v1/auth/me                                      401     401      200    200       200     200     200   200
GET    /v1/courses                                      401     401      200    200       200     200     200   200
POST   /v1/courses                                      401     401      201    201       201     201     201   201
POST   /v1/courses (of the organisation)                401     401      403    403       201     403     201   201
GET    /v1/notifications                                401     401      200    200       200     200     200   200
POST   /v1/notifications/read                           401     401      204    204       204     204     204   204
POST   /v1/realtime/ticket                              401     401      200    200       200     200     200   200
POST   /v1/invitations/{code}/accept                    401     401      200    200       200     200     200   200
POST   /v1/invitations/{code}/accept (wrong code)       401     401      404    404       404     404     404   404
POST   /v1/invitations/{code}/accept (ended)            401     401      404    404       404     404     404   404

GET    /v1/courses/{course_id}                          401     401      404    404       404     200     200   200
GET    /v1/courses/{course_id}/materials                401     401      404    404       404     200     200   200
GET    /v1/courses/{course_id}/search                   401     401      404    404       404     200     200   200
GET    /v1/materials/{material_id}                      401     401      404    404       404     200     200   200
GET    /v1/materials/{material_id}/file                 401     401      404    404       404     200     200   200
GET    /v1/materials/{material_id}/link                 401     401      404    404       404     200     200   200
GET    /v1/materials/{material_id}/notes                401     401      404    404       404     403     200   200
GET    /v1/materials/{material_id}/notes/state          401     401      404    404       404     403     200   200
GET    /v1/materials/{material_id}/notes/state (published) 401  401      404    404       404     200     200   200
GET    /v1/materials/{material_id}/notes (published)    401     401      404    404       404     200     200   200

PATCH  /v1/courses/{course_id}                          401     401      404    404       404     403     200   200
DELETE /v1/courses/{course_id}                          401     401      404    404       404     403     204   204
GET    /v1/courses/{course_id}/enrolments               401     401      404    404       404     403     200   200
POST   /v1/courses/{course_id}/invitations              401     401      404    404       404     403     201   201
GET    /v1/courses/{course_id}/storage                  401     401      404    404       404     403     200   200
POST   /v1/courses/{course_id}/materials                401     401      404    404       404     403     202   202
POST   /v1/uploads                                      401     401      404    404       404     403     201   201
HEAD   /v1/uploads/{upload_id} (the owner's)            401     401      404    404       404     404     404   200
PATCH  /v1/uploads/{upload_id} (the owner's)            401     401      404    404       404     404     404   204
DELETE /v1/uploads/{upload_id} (the owner's)            401     401      404    404       404     404     404   204
DELETE /v1/materials/{material_id}                      401     401      404    404       404     403     204   204
POST   /v1/materials/{material_id}/cancel               401     401      404    404       404     403     200   200
POST   /v1/materials/{material_id}/retry                401     401      404    404       404     403     409   409
POST   /v1/materials/{material_id}/retry (cancelled)    401     401      404    404       404     403     200   200
POST   /v1/materials/{material_id}/notes                401     401      404    404       404     403     202   202
PUT    /v1/materials/{material_id}/notes/published      401     401      404    404       404     403     200   200
"""  # noqa: E501 - a table is read across


@dataclass(frozen=True, slots=True)
class Row:
    method: str
    path: str
    state: str
    expected: dict[str, int]

    @property
    def operation(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def needs_things(self) -> bool:
        """A course and what is in it, in its address or in what is sent."""
        return "{" in self.path or self.path.startswith("/v1/uploads")

    def __str__(self) -> str:
        return f"{self.operation} ({self.state})" if self.state else self.operation


def _row(line: str) -> Row:
    words = line.split()
    named, statuses = words[: -len(COLUMNS)], words[-len(COLUMNS) :]
    method, path, *state = named
    expected = dict(zip(COLUMNS, map(int, statuses), strict=True))
    return Row(method, path, " ".join(state).strip("()"), expected)


HEAD, *LINES = TABLE.strip().splitlines()
ROWS = [_row(line) for line in LINES if line]
