"""Frameworks that ask a model by themselves, and what traces them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from typing import TYPE_CHECKING

from spans import provider

if TYPE_CHECKING:
    from pathlib import Path

MODEL = "kitten-1"
MACHINE = ("mlflow.source", "mlflow.user", "mlflow.artifactLocation")
"""Of a trace of MLflow, what says where it was made."""
NAMES = ("plain", "streamed", "uncounted", "refused", "retried", "tooled", "grounded")


def pydantic_ai(address: str, path: Path) -> None:
    """Runs of an agent, each a trace of its own."""
    from openai import AsyncOpenAI
    from pydantic_ai import Agent, InstrumentationSettings
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai import OpenAIProvider

    def model(retries: int = 0) -> OpenAIChatModel:
        client = AsyncOpenAI(base_url=address, api_key="none", max_retries=retries)
        return OpenAIChatModel(MODEL, provider=OpenAIProvider(openai_client=client))

    Agent.instrument_all(InstrumentationSettings(tracer_provider=provider(path)))
    agent = Agent(model())

    async def stream(name: str) -> None:
        async with agent.run_stream(f"say: {name}") as reply:
            async for _ in reply.stream_text():
                pass

    async def ask() -> None:
        await agent.run("say: plain")
        await stream("streamed")
        await stream("uncounted")
        with contextlib.suppress(Exception):
            await agent.run("say: refused")
        await agent.run("say: retried", model=model(retries=1))
        with_tool = Agent(model(), tools=[look])
        await with_tool.run("say: tooled")

    asyncio.run(ask())


def look(where: str) -> str:
    """Look somewhere.

    Args:
        where: The place.
    """
    return f"It is on the {where}."


def litellm(address: str, path: Path) -> None:
    """LiteLLM's own tracing, in spans of an application; every second call is asynchronous, as the proxy's are."""
    import litellm as library
    from litellm.integrations.opentelemetry import OpenTelemetry, OpenTelemetryConfig

    spans = provider(path)
    library.callbacks = [OpenTelemetry(config=OpenTelemetryConfig(exporter="none"), tracer_provider=spans)]
    library.suppress_debug_info = True
    tracer = spans.get_tracer("application")
    tool = {"type": "function", "function": {"name": "look", "parameters": {"type": "object", "properties": {}}}}

    async def ask(name: str, *messages, retries: int = 0, **more):
        said = [{"role": "user", "content": f"say: {name}"}, *messages]
        return await library.acompletion(
            model=f"openai/{MODEL}",
            api_base=address,
            api_key="none",
            messages=said,
            max_retries=retries,
            user="u-1",
            **more,
        )

    async def turns() -> None:
        for name in NAMES:
            with tracer.start_as_current_span("turn"), contextlib.suppress(library.RateLimitError):
                if name in ("streamed", "uncounted"):
                    more = {"stream_options": {"include_usage": True}} if name == "streamed" else {}
                    async for _ in await ask(name, stream=True, **more):
                        pass
                elif name == "tooled":
                    called = (await ask(name, tools=[tool])).choices[0].message
                    result = {"role": "tool", "tool_call_id": called.tool_calls[0].id, "content": "There."}
                    await ask(name, called.model_dump(exclude_none=True), result, tools=[tool])
                else:
                    if name == "grounded":
                        await library.aembedding(
                            model="openai/vector-1", input=["near"], api_base=address, api_key="none"
                        )
                    await ask(name, retries=int(name == "retried"))
                await asyncio.sleep(0.3)  # it writes its spans from a task of its own

    asyncio.run(turns())


def langchain_turns(address: str, config: dict | None = None) -> None:
    """Ask by LangChain's model, each turn in a chain."""
    from langchain_core.messages import HumanMessage, ToolMessage
    from langchain_core.runnables import RunnableLambda
    from langchain_openai import ChatOpenAI, OpenAIEmbeddings

    def model(**more) -> ChatOpenAI:
        return ChatOpenAI(model=MODEL, base_url=address, api_key="none", **({"max_retries": 0} | more))

    def turn(name: str):
        asked = [HumanMessage(f"say: {name}")]
        if name in ("streamed", "uncounted"):
            return "".join(str(part.content) for part in model(stream_usage=name == "streamed").stream(asked))
        if name == "tooled":
            with_tool = model().bind_tools([look])
            called = with_tool.invoke(asked)
            result = ToolMessage("There.", tool_call_id=called.tool_calls[0]["id"])
            return with_tool.invoke([*asked, called, result]).content
        if name == "grounded":
            OpenAIEmbeddings(
                model="vector-1", base_url=address, api_key="none", check_embedding_ctx_length=False
            ).embed_query("near")
        return model(max_retries=int(name == "retried")).invoke(asked).content

    for name in NAMES:
        with contextlib.suppress(Exception):
            RunnableLambda(turn, name="turn").invoke(name, config or {})


def langsmith(address: str, path: Path) -> None:
    """LangSmith's SDK, told to make OpenTelemetry's spans."""
    os.environ |= {"LANGSMITH_OTEL_ENABLED": "true", "LANGSMITH_OTEL_ONLY": "true", "LANGSMITH_TRACING": "true",
                   "LANGSMITH_API_KEY": "none", "LANGSMITH_ENDPOINT": "http://127.0.0.1:9"}  # fmt: skip
    provider(path)
    langchain_turns(address, {"metadata": {"session_id": "c-1", "user_id": "u-1"}})
    from langchain_core.tracers.langchain import get_client, wait_for_all_tracers

    wait_for_all_tracers()
    get_client().flush()


def openinference_langchain(address: str, path: Path) -> None:
    """OpenInference's instrumentation of LangChain."""
    from openinference.instrumentation.langchain import LangChainInstrumentor

    LangChainInstrumentor().instrument(tracer_provider=provider(path))
    langchain_turns(address, {"metadata": {"session_id": "c-1", "user_id": "u-1"}})


def openllmetry_langchain(address: str, path: Path) -> None:
    """OpenLLMetry's instrumentation of LangChain."""
    from opentelemetry.instrumentation.langchain import LangchainInstrumentor

    LangchainInstrumentor().instrument(tracer_provider=provider(path))
    langchain_turns(address, {"metadata": {"session_id": "c-1", "user_id": "u-1"}})


def openai_agents(address: str, path: Path) -> None:
    """OpenAI's agents, as OpenInference tells of them."""
    from agents import Agent, ModelSettings, OpenAIChatCompletionsModel, RunConfig, Runner, function_tool
    from openai import AsyncOpenAI
    from openinference.instrumentation.openai_agents import OpenAIAgentsInstrumentor

    OpenAIAgentsInstrumentor().instrument(tracer_provider=provider(path))

    async def turns() -> None:
        for name in NAMES:
            client = AsyncOpenAI(base_url=address, api_key="none", max_retries=int(name == "retried"))
            agent = Agent(
                "turn",
                model=OpenAIChatCompletionsModel(MODEL, client),
                tools=[function_tool(look)] if name == "tooled" else [],
                model_settings=ModelSettings(include_usage=name != "uncounted"),
            )
            with contextlib.suppress(Exception):
                config = RunConfig(group_id="c-1")
                if name in ("streamed", "uncounted"):
                    async for _ in Runner.run_streamed(agent, f"say: {name}", run_config=config).stream_events():
                        pass
                else:
                    await Runner.run(agent, f"say: {name}", run_config=config)

    asyncio.run(turns())


def strands(address: str, path: Path) -> None:
    """Strands, which streams every reply."""
    from strands import Agent, tool
    from strands.models.openai import OpenAIModel

    provider(path)
    for name in NAMES:
        client = {"base_url": address, "api_key": "none", "max_retries": int(name == "retried")}
        agent = Agent(
            model=OpenAIModel(client_args=client, model_id=MODEL),
            tools=[tool(look)] if name == "tooled" else [],
            trace_attributes={"session.id": "c-1", "user.id": "u-1"},
            callback_handler=None,
            retry_strategy=None,
        )
        with contextlib.suppress(Exception):
            agent(f"say: {name}")


def smolagents(address: str, path: Path) -> None:
    """The models of smolagents, as OpenInference tells of them."""
    from openinference.instrumentation import using_attributes
    from openinference.instrumentation.smolagents import SmolagentsInstrumentor

    spans = provider(path)
    SmolagentsInstrumentor().instrument(tracer_provider=spans)
    import smolagents as library

    for name in [name for name in NAMES if name != "tooled"]:
        model = library.OpenAIModel(
            MODEL,
            api_base=address,
            api_key="none",
            client_kwargs={"max_retries": int(name == "retried")},
            retry=False,
        )
        message = library.ChatMessage(role=library.MessageRole.USER, content=f"say: {name}")
        with (
            contextlib.suppress(Exception),
            using_attributes(session_id="c-1", user_id="u-1"),
            spans.get_tracer("application").start_as_current_span("turn"),
        ):
            if name in ("streamed", "uncounted"):
                for _ in model.generate_stream([message]):
                    pass
            else:
                model.generate([message])


def semantic_kernel(address: str, path: Path) -> None:
    """Semantic Kernel, which tells of models where it is told to."""
    os.environ["SEMANTICKERNEL_EXPERIMENTAL_GENAI_ENABLE_OTEL_DIAGNOSTICS"] = "true"
    from openai import AsyncOpenAI
    from semantic_kernel import Kernel
    from semantic_kernel.connectors.ai.function_choice_behavior import FunctionChoiceBehavior
    from semantic_kernel.connectors.ai.open_ai import OpenAIChatCompletion, OpenAIChatPromptExecutionSettings
    from semantic_kernel.contents import ChatHistory
    from semantic_kernel.functions import kernel_function

    spans = provider(path)

    async def turns() -> None:
        for name in NAMES:
            client = AsyncOpenAI(base_url=address, api_key="none", max_retries=int(name == "retried"))
            chat = OpenAIChatCompletion(ai_model_id=MODEL, async_client=client)
            kernel = Kernel()
            settings = OpenAIChatPromptExecutionSettings()
            if name == "tooled":
                kernel.add_function("shelf", kernel_function(look, name="look"))
                settings.function_choice_behavior = FunctionChoiceBehavior.Auto()
            history = ChatHistory()
            history.add_user_message(f"say: {name}")
            with contextlib.suppress(Exception), spans.get_tracer("application").start_as_current_span("turn"):
                if name in ("streamed", "uncounted"):
                    async for _ in chat.get_streaming_chat_message_contents(history, settings, kernel=kernel):
                        pass
                else:
                    await chat.get_chat_message_contents(history, settings, kernel=kernel)

    asyncio.run(turns())


def google_adk(address: str, path: Path) -> None:
    """Google's ADK, which asks by LiteLLM."""
    spans = provider(path)
    from google.adk.agents import LlmAgent
    from google.adk.agents.run_config import RunConfig, StreamingMode
    from google.adk.models.lite_llm import LiteLlm
    from google.adk.runners import InMemoryRunner
    from google.genai import types

    async def turns() -> None:
        for name in NAMES:
            model = LiteLlm(f"openai/{MODEL}", api_base=address, api_key="none", max_retries=int(name == "retried"))
            agent = LlmAgent(name="turn", model=model, tools=[look] if name == "tooled" else [])
            runner = InMemoryRunner(agent)
            session = await runner.session_service.create_session(
                app_name=runner.app_name, user_id="u-1", session_id="c-1"
            )
            said = types.Content(role="user", parts=[types.Part(text=f"say: {name}")])
            mode = StreamingMode.SSE if name in ("streamed", "uncounted") else StreamingMode.NONE
            with contextlib.suppress(Exception):
                async for _ in runner.run_async(
                    user_id="u-1", session_id=session.id, new_message=said, run_config=RunConfig(streaming_mode=mode)
                ):
                    pass

    asyncio.run(turns())
    spans.force_flush()


def mlflow(address: str, path: Path) -> None:
    """MLflow, whose traces are kept as it writes them."""
    import mlflow as library
    from clients import calls

    library.set_tracking_uri("sqlite:///traces.db")
    library.openai.autolog()

    @contextlib.contextmanager
    def around():
        with library.start_span("turn"):
            library.update_current_trace(metadata={"mlflow.trace.session": "c-1", "mlflow.trace.user": "u-1"})
            yield

    calls(address, around)
    library.flush_trace_async_logging()
    with path.open("w", encoding="utf-8") as file:
        for trace in library.search_traces(return_type="list"):
            told = json.loads(trace.to_json())
            for name in ("tags", "trace_metadata"):
                kept = told["info"][name].items()
                told["info"][name] = {key: value for key, value in kept if not key.startswith(MACHINE)}
            file.write(json.dumps(told) + "\n")


def agno(address: str, path: Path) -> None:
    """Agno's agents, as OpenInference tells of them."""
    from openinference.instrumentation.agno import AgnoInstrumentor

    AgnoInstrumentor().instrument(tracer_provider=provider(path))
    from agno.agent import Agent
    from agno.models.openai import OpenAIChat

    for name in NAMES:
        agent = Agent(
            model=OpenAIChat(id=MODEL, base_url=address, api_key="none", max_retries=int(name == "retried")),
            tools=[look] if name == "tooled" else None,
            telemetry=False,
            session_id="c-1",
            user_id="u-1",
        )
        with contextlib.suppress(Exception):
            if name in ("streamed", "uncounted"):
                for _ in agent.run(f"say: {name}", stream=True):
                    pass
            else:
                agent.run(f"say: {name}")
