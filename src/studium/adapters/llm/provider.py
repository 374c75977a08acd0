"""Any provider through pydantic-ai: structured answers, time-outs, retries."""

from pydantic_ai import Agent, NativeOutput
from pydantic_ai.exceptions import AgentRunError, ModelHTTPError, UserError
from pydantic_ai.models import Model
from pydantic_ai.settings import ModelSettings

from studium.core.errors import EngineUnavailableError
from studium.core.ports import Answer

TIMEOUT_SECONDS = 120.0
RETRIES = 2
"""How often an answer out of shape is asked for again."""


def vendor_model(scheme: str, name: str, key: str | None, base_url: str | None) -> Model:
    """Raises `ValueError` for a scheme that no vendor has."""
    match scheme:
        case "openai":
            from pydantic_ai.models.openai import OpenAIChatModel  # noqa: PLC0415 - one vendor
            from pydantic_ai.providers.openai import OpenAIProvider  # noqa: PLC0415

            # A local server wants no key, but the library wants one to be there.
            provider = OpenAIProvider(base_url=base_url, api_key=key or "none")
            return OpenAIChatModel(name, provider=provider)
        case "anthropic":
            from pydantic_ai.models.anthropic import AnthropicModel  # noqa: PLC0415
            from pydantic_ai.providers.anthropic import AnthropicProvider  # noqa: PLC0415

            return AnthropicModel(name, provider=AnthropicProvider(api_key=key or ""))
        case "google":
            from pydantic_ai.models.google import GoogleModel  # noqa: PLC0415
            from pydantic_ai.providers.google import GoogleProvider  # noqa: PLC0415

            return GoogleModel(name, provider=GoogleProvider(api_key=key or ""))
        case _:
            raise ValueError(f"llm: {scheme}: is not known; see STUDIUM_LLM")


class ProviderModel:
    def __init__(self, name: str, model: Model) -> None:
        self._name = name
        self._model = model

    @property
    def name(self) -> str:
        return self._name

    async def answer(self, instructions: str, prompt: str, schema: type[Answer]) -> Answer:
        agent: Agent[None, Answer] = Agent(
            self._model,
            output_type=NativeOutput(schema),
            instructions=instructions,
            retries=RETRIES,
            model_settings=ModelSettings(timeout=TIMEOUT_SECONDS, temperature=0.2),
        )
        try:
            return (await agent.run(prompt)).output
        except (AgentRunError, ModelHTTPError, UserError, OSError) as error:
            raise EngineUnavailableError(
                f"The language model {self._name} did not answer as asked"
                f" ({type(error).__name__}); it will be tried again.",
            ) from error

    async def close(self) -> None:
        """The vendors' shared HTTP clients end with the process."""
