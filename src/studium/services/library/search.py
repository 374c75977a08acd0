"""Search over a course: keywords and meaning, fused by the index."""

from studium.core.ports import Question, SearchMode
from studium.runtime.database import Scope
from studium.runtime.engines import Engines
from studium.services.courses.contract import CourseView
from studium.services.library import queries
from studium.services.library.contract import SearchResult, SearchView


async def in_course(
    engines: Engines, course: CourseView, text: str, mode: SearchMode, limit: int
) -> SearchView:
    """Best first. A passage that was deleted meanwhile is left out."""
    embedder = engines.embedder
    hits = await engines.vectors.search(
        Question(
            organisation_id=course.organisation_id,
            course_ids=(course.id,),
            text=text,
            vector=None if mode == "keyword" else await embedder.embed([text]),
            mode=mode,
            dense_weight=embedder.fusion_weight,
            limit=limit,
        )
    )
    async with engines.courses.transaction(Scope((course.organisation_id,))) as session:
        passages = {
            each.id: each
            for each in await queries.passages(session, [hit.passage_id for hit in hits])
        }
        titles = await queries.titles(session, {each.material_id for each in passages.values()})
    return SearchView(
        results=tuple(
            SearchResult(
                passage_id=hit.passage_id,
                material_id=passage.material_id,
                title=titles.get(passage.material_id, ""),
                page=passage.page_from,
                page_to=passage.page_to,
                text=passage.text,
                score=hit.score,
            )
            for hit in hits
            if (passage := passages.get(hit.passage_id))
        )
    )
