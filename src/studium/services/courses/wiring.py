from studium.runtime.service import Service
from studium.services.courses.contract import Courses
from studium.services.courses.routes import router
from studium.services.courses.service import LocalCourses

SERVICE = Service(
    name="courses",
    router=router,
    offers=lambda engines, _peers: {Courses: LocalCourses(engines)},
)
