"""Uses everything public, with its types.

Written by `tests/typing/whole_api.py`; `VOICELIVE_PUBLIC_API=write pytest tests/test_public_api.py` renews it.
"""

# ruff: noqa: E501
# fmt: off
# pyright: reportDeprecated=false

from __future__ import annotations

import collections.abc
import concurrent.futures
import contextlib
import pathlib
import typing

import azure.core.credentials
import azure.core.credentials_async

import voicelive
import voicelive.agents
import voicelive.aio
import voicelive.audio
import voicelive.conversation
import voicelive.errors
import voicelive.evaluation
import voicelive.load
import voicelive.local
import voicelive.local.engines
import voicelive.local.faults
import voicelive.models
import voicelive.pytest_plugin
import voicelive.recording
import voicelive.telemetry
import voicelive.telephony
import voicelive.testing
import voicelive.tools
import voicelive.types


def used(*things: object) -> None:
    """Take what is there, and cannot be called with arguments of one type."""


used(voicelive.AudioDeviceError, voicelive.AuthenticationError, voicelive.BadRequestError, voicelive.BlockingInAsyncWarning, voicelive.BudgetExceededError, voicelive.CloseInfo, voicelive.ConfigurationError, voicelive.ConfigurationRejectedError, voicelive.ConnectTimeoutError, voicelive.ConnectionClosed, voicelive.ConnectionError, voicelive.ConnectionOptions, voicelive.ConnectionStateError, voicelive.ContractCheck, voicelive.ContractWarning, voicelive.ConversationItemResource, voicelive.ConversationResource, voicelive.Credential, voicelive.DeviceLostError, voicelive.DeviceNotFoundError, voicelive.FieldIssue, voicelive.HandshakeError, voicelive.InputAudioBufferResource, voicelive.InternalError, voicelive.InvalidEventError, voicelive.KeepaliveTimeoutError, voicelive.MessageTooBigError, voicelive.NotFoundError, voicelive.OutputAudioBufferResource, voicelive.ProxyError, voicelive.ReadyTimeoutError, voicelive.ReceiveOverflowError, voicelive.ReceiveTimeoutError, voicelive.ReconnectFailedError, voicelive.ReconnectPolicy, voicelive.RecordingError, voicelive.RedirectError, voicelive.ResponseHandle, voicelive.ResponseResource, voicelive.ResponseStalledError, voicelive.SendQueueFullError, voicelive.SessionExpiredError, voicelive.SessionResource, voicelive.ThrottledError, voicelive.TlsError, voicelive.TranscriptionSessionResource, voicelive.UnsentEvent, voicelive.VoiceLiveConnection, voicelive.VoiceLiveError, voicelive.WebsocketConnectionOptions, voicelive.__version__, voicelive.aio, voicelive.audio, voicelive.connect, voicelive.conversation, voicelive.errors, voicelive.local, voicelive.models, voicelive.recording, voicelive.testing, voicelive.tools, voicelive.warmup)


def CloseInfo(it: voicelive.CloseInfo) -> None:
    typing.assert_type(it.cause, typing.Literal['expired', 'configuration', 'too big', 'keepalive', 'ready', 'stall', 'overflow', 'reconnect', 'internal', 'budget'] | None)
    typing.assert_type(it.code, int)
    typing.assert_type(it.error, BaseException | None)
    typing.assert_type(it.initiator, typing.Literal['local', 'server', 'network', 'timeout'])
    typing.assert_type(it.reason, str)
    typing.assert_type(it.recoverable, bool)


def ConnectionOptions(it: voicelive.ConnectionOptions) -> None:
    used(it.get("allow_plaintext_credentials"))
    used(it.get("autoclose"))
    used(it.get("autoping"))
    used(it.get("close_timeout"))
    used(it.get("compression"))
    used(it.get("handshake_timeout"))
    used(it.get("heartbeat"))
    used(it.get("max_buffer"))
    used(it.get("max_msg_size"))
    used(it.get("max_queue"))
    used(it.get("max_size"))
    used(it.get("open_timeout"))
    used(it.get("ping_interval"))
    used(it.get("ping_timeout"))
    used(it.get("proxy"))
    used(it.get("proxy_ssl"))
    used(it.get("ready_timeout"))
    used(it.get("receive_timeout"))
    used(it.get("source_address"))
    used(it.get("ssl"))
    used(it.get("stall_timeout"))
    used(it.get("timeout"))
    used(it.get("vendor_options"))


def ConversationItemResource(it: voicelive.ConversationItemResource) -> None:
    used(it)


def ConversationItemResource_create(it: voicelive.ConversationItemResource, previous_item_id: str | None, item: voicelive.models.ConversationRequestItem | collections.abc.Mapping[str, typing.Any] | None, event_id: str | None) -> None:
    it.create(previous_item_id=previous_item_id, item=item, event_id=event_id)


def ConversationItemResource_delete(it: voicelive.ConversationItemResource, item_id: str, event_id: str | None) -> None:
    it.delete(item_id=item_id, event_id=event_id)


def ConversationItemResource_retrieve(it: voicelive.ConversationItemResource, item_id: str, event_id: str | None) -> None:
    it.retrieve(item_id=item_id, event_id=event_id)


def ConversationItemResource_truncate(it: voicelive.ConversationItemResource, item_id: str, content_index: int, audio_end_ms: int, event_id: str | None) -> None:
    it.truncate(item_id=item_id, content_index=content_index, audio_end_ms=audio_end_ms, event_id=event_id)


def ConversationResource(it: voicelive.ConversationResource) -> None:
    used(it.item)


def FieldIssue(it: voicelive.FieldIssue) -> None:
    typing.assert_type(it.message, str)
    typing.assert_type(it.path, str)
    typing.assert_type(it.value, object)


def InputAudioBufferResource(it: voicelive.InputAudioBufferResource) -> None:
    used(it)


def InputAudioBufferResource_append(it: voicelive.InputAudioBufferResource, audio: bytes | bytearray | memoryview | str, event_id: str | None) -> None:
    it.append(audio=audio, event_id=event_id)


def InputAudioBufferResource_clear(it: voicelive.InputAudioBufferResource, event_id: str | None) -> None:
    it.clear(event_id=event_id)


def InputAudioBufferResource_commit(it: voicelive.InputAudioBufferResource, event_id: str | None) -> None:
    it.commit(event_id=event_id)


def OutputAudioBufferResource(it: voicelive.OutputAudioBufferResource) -> None:
    used(it)


def OutputAudioBufferResource_clear(it: voicelive.OutputAudioBufferResource, event_id: str | None) -> None:
    it.clear(event_id=event_id)


def ReconnectPolicy(it: voicelive.ReconnectPolicy) -> None:
    typing.assert_type(it.condense, collections.abc.Callable[[list[dict[str, typing.Any]]], typing.Any] | None)
    typing.assert_type(it.deadline, float)
    typing.assert_type(it.initial_delay, float)
    typing.assert_type(it.max_connections_per_minute, int)
    typing.assert_type(it.max_delay, float)
    typing.assert_type(it.max_history_bytes, int)
    typing.assert_type(it.max_history_items, int)
    typing.assert_type(it.max_queued_bytes, int)
    typing.assert_type(it.restore_timeout, float)
    typing.assert_type(it.rollover_before, float | None)
    typing.assert_type(it.rollover_overlap_ms, int)


def ResponseHandle(it: voicelive.ResponseHandle) -> None:
    typing.assert_type(it.outcome, voicelive.conversation.ResponseOutcome | None)
    typing.assert_type(it.response_id, str | None)


def ResponseHandle_wait(it: voicelive.ResponseHandle, timeout: float | None) -> None:
    typing.assert_type(it.wait(timeout), voicelive.conversation.ResponseOutcome)


def ResponseResource(it: voicelive.ResponseResource) -> None:
    used(it)


def ResponseResource_cancel(it: voicelive.ResponseResource, response_id: str | None, event_id: str | None) -> None:
    it.cancel(response_id=response_id, event_id=event_id)


def ResponseResource_create(it: voicelive.ResponseResource, response: voicelive.models.ResponseCreateParams | collections.abc.Mapping[str, typing.Any] | None, additional_instructions: str | None, event_id: str | None) -> None:
    it.create(response=response, additional_instructions=additional_instructions, event_id=event_id)


def SessionResource(it: voicelive.SessionResource) -> None:
    used(it.avatar)


def SessionResource_update(it: voicelive.SessionResource, session: voicelive.models.RequestSession | collections.abc.Mapping[str, typing.Any], event_id: str | None) -> None:
    it.update(session=session, event_id=event_id)


def TranscriptionSessionResource(it: voicelive.TranscriptionSessionResource) -> None:
    used(it)


def TranscriptionSessionResource_update(it: voicelive.TranscriptionSessionResource, session: voicelive.models.RequestTranscriptionSession | collections.abc.Mapping[str, typing.Any], event_id: str | None) -> None:
    it.update(session=session, event_id=event_id)


def UnsentEvent(it: voicelive.UnsentEvent) -> None:
    typing.assert_type(it.event_id, str | None)
    typing.assert_type(it.size, int)
    typing.assert_type(it.type, str)


def VoiceLiveConnection(it: voicelive.VoiceLiveConnection) -> None:
    used(it.byom_credential)
    typing.assert_type(it.close_info, voicelive.CloseInfo | None)
    used(it.conversation)
    used(it.input_audio)
    used(it.input_audio_buffer)
    used(it.input_text)
    typing.assert_type(it.metrics, voicelive.conversation.CallMetrics)
    typing.assert_type(it.observers_dropped, int)
    used(it.output_audio_buffer)
    typing.assert_type(it.playback, voicelive.conversation.Playback)
    typing.assert_type(it.request_id, str)
    used(it.response)
    used(it.rtc)
    used(it.session)
    used(it.transcription_session)
    typing.assert_type(it.turns, list[voicelive.conversation.TurnMetrics])


def VoiceLiveConnection_close(it: voicelive.VoiceLiveConnection, code: int, reason: str) -> None:
    it.close(code, reason)


def VoiceLiveConnection_interrupt(it: voicelive.VoiceLiveConnection) -> None:
    typing.assert_type(it.interrupt(), voicelive.conversation.Interruption | None)


def VoiceLiveConnection_open(it: voicelive.VoiceLiveConnection) -> None:
    typing.assert_type(it.open(), voicelive.VoiceLiveConnection)


def VoiceLiveConnection_recv(it: voicelive.VoiceLiveConnection, timeout: float | None) -> None:
    typing.assert_type(it.recv(timeout), voicelive.models.AnyServerEvent)


def VoiceLiveConnection_recv_bytes(it: voicelive.VoiceLiveConnection, timeout: float | None) -> None:
    typing.assert_type(it.recv_bytes(timeout), bytes)


def VoiceLiveConnection_respond(it: voicelive.VoiceLiveConnection, text: str | None, images: collections.abc.Iterable[bytes | str]) -> None:
    typing.assert_type(it.respond(text, images=images), voicelive.ResponseHandle)


def VoiceLiveConnection_say(it: voicelive.VoiceLiveConnection, text: str) -> None:
    typing.assert_type(it.say(text), voicelive.ResponseHandle)


def VoiceLiveConnection_send(it: voicelive.VoiceLiveConnection, event: voicelive.models.Model | collections.abc.Mapping[str, typing.Any]) -> None:
    it.send(event)


def VoiceLiveConnection_wait_for(it: voicelive.VoiceLiveConnection, condition: str | type[voicelive.models.Model] | collections.abc.Callable[[voicelive.models.AnyServerEvent], object], timeout: float | None, keep: bool) -> None:
    used(it.wait_for(condition, timeout, keep=keep))


def connect(endpoint: str | None, credential: azure.core.credentials.AzureKeyCredential | azure.core.credentials.TokenCredential | None, model: str | None, api_version: str, agent_name: str | None, project_name: str | None, agent_version: str | None, conversation_id: str | None, authentication_identity_client_id: str | None, foundry_resource_override: str | None, query: collections.abc.Mapping[str, typing.Any] | None, headers: collections.abc.Mapping[str, str] | None, connection_options: voicelive.ConnectionOptions | collections.abc.Mapping[str, typing.Any] | None, credential_scopes: str | collections.abc.Iterable[str] | None, preview_features: collections.abc.Iterable[str], events: collections.abc.Iterable[type[voicelive.models.Model]], contract_check: voicelive.ContractCheck, strict: bool, reconnect: voicelive.ReconnectPolicy | None, barge_in: bool | voicelive.conversation.BargeIn, tools: voicelive.tools.Tools | collections.abc.Iterable[voicelive.tools.Tool | collections.abc.Callable[..., typing.Any]], observers: collections.abc.Iterable[object], metrics: bool, user_away: float | None, budget: voicelive.conversation.Budget | None, recorder: voicelive.recording.Recorder | None, telemetry: voicelive.telemetry.Telemetry | None) -> None:
    typing.assert_type(voicelive.connect(endpoint=endpoint, credential=credential, model=model, api_version=api_version, agent_name=agent_name, project_name=project_name, agent_version=agent_version, conversation_id=conversation_id, authentication_identity_client_id=authentication_identity_client_id, foundry_resource_override=foundry_resource_override, query=query, headers=headers, connection_options=connection_options, credential_scopes=credential_scopes, preview_features=preview_features, events=events, contract_check=contract_check, strict=strict, reconnect=reconnect, barge_in=barge_in, tools=tools, observers=observers, metrics=metrics, user_away=user_away, budget=budget, recorder=recorder, telemetry=telemetry), voicelive.VoiceLiveConnection)


def warmup(freeze: bool) -> None:
    voicelive.warmup(freeze=freeze)


used(voicelive.agents.Agent, voicelive.agents.agent, voicelive.agents.load_agent, voicelive.agents.options_of)


def agents_agent() -> None:
    used(voicelive.agents.agent())


def agents_load_agent(agent: str | voicelive.agents.Agent) -> None:
    typing.assert_type(voicelive.agents.load_agent(agent), collections.abc.Callable[[typing.Any], collections.abc.Awaitable[None]])


def agents_options_of(given: collections.abc.Callable[[typing.Any], collections.abc.Awaitable[None]]) -> None:
    typing.assert_type(voicelive.agents.options_of(given), dict[str, typing.Any])


used(voicelive.aio.AsyncCredential, voicelive.aio.AudioDeviceError, voicelive.aio.AuthenticationError, voicelive.aio.BadRequestError, voicelive.aio.BlockingInAsyncWarning, voicelive.aio.BudgetExceededError, voicelive.aio.CloseInfo, voicelive.aio.ConfigurationError, voicelive.aio.ConfigurationRejectedError, voicelive.aio.ConnectTimeoutError, voicelive.aio.ConnectionClosed, voicelive.aio.ConnectionError, voicelive.aio.ConnectionOptions, voicelive.aio.ConnectionStateError, voicelive.aio.ContractCheck, voicelive.aio.ContractWarning, voicelive.aio.ConversationItemResource, voicelive.aio.ConversationResource, voicelive.aio.DeviceLostError, voicelive.aio.DeviceNotFoundError, voicelive.aio.FieldIssue, voicelive.aio.HandshakeError, voicelive.aio.InputAudioBufferResource, voicelive.aio.InternalError, voicelive.aio.InvalidEventError, voicelive.aio.KeepaliveTimeoutError, voicelive.aio.MessageTooBigError, voicelive.aio.NotFoundError, voicelive.aio.OutputAudioBufferResource, voicelive.aio.ProxyError, voicelive.aio.ReadyTimeoutError, voicelive.aio.ReceiveOverflowError, voicelive.aio.ReceiveTimeoutError, voicelive.aio.ReconnectFailedError, voicelive.aio.ReconnectPolicy, voicelive.aio.RecordingError, voicelive.aio.RedirectError, voicelive.aio.ResponseHandle, voicelive.aio.ResponseResource, voicelive.aio.ResponseStalledError, voicelive.aio.SendQueueFullError, voicelive.aio.SessionExpiredError, voicelive.aio.SessionResource, voicelive.aio.ThrottledError, voicelive.aio.TlsError, voicelive.aio.TranscriptionSessionResource, voicelive.aio.UnsentEvent, voicelive.aio.VoiceLiveConnection, voicelive.aio.VoiceLiveError, voicelive.aio.WebsocketConnectionOptions, voicelive.aio.connect, voicelive.aio.warmup)


def aio_ConversationItemResource(it: voicelive.aio.ConversationItemResource) -> None:
    used(it)


async def aio_ConversationItemResource_create(it: voicelive.aio.ConversationItemResource, previous_item_id: str | None, item: voicelive.models.ConversationRequestItem | collections.abc.Mapping[str, typing.Any] | None, event_id: str | None) -> None:
    await it.create(previous_item_id=previous_item_id, item=item, event_id=event_id)


async def aio_ConversationItemResource_delete(it: voicelive.aio.ConversationItemResource, item_id: str, event_id: str | None) -> None:
    await it.delete(item_id=item_id, event_id=event_id)


async def aio_ConversationItemResource_retrieve(it: voicelive.aio.ConversationItemResource, item_id: str, event_id: str | None) -> None:
    await it.retrieve(item_id=item_id, event_id=event_id)


async def aio_ConversationItemResource_truncate(it: voicelive.aio.ConversationItemResource, item_id: str, content_index: int, audio_end_ms: int, event_id: str | None) -> None:
    await it.truncate(item_id=item_id, content_index=content_index, audio_end_ms=audio_end_ms, event_id=event_id)


def aio_ConversationResource(it: voicelive.aio.ConversationResource) -> None:
    used(it.item)


def aio_InputAudioBufferResource(it: voicelive.aio.InputAudioBufferResource) -> None:
    used(it)


async def aio_InputAudioBufferResource_append(it: voicelive.aio.InputAudioBufferResource, audio: bytes | bytearray | memoryview | str, event_id: str | None) -> None:
    await it.append(audio=audio, event_id=event_id)


async def aio_InputAudioBufferResource_clear(it: voicelive.aio.InputAudioBufferResource, event_id: str | None) -> None:
    await it.clear(event_id=event_id)


async def aio_InputAudioBufferResource_commit(it: voicelive.aio.InputAudioBufferResource, event_id: str | None) -> None:
    await it.commit(event_id=event_id)


def aio_OutputAudioBufferResource(it: voicelive.aio.OutputAudioBufferResource) -> None:
    used(it)


async def aio_OutputAudioBufferResource_clear(it: voicelive.aio.OutputAudioBufferResource, event_id: str | None) -> None:
    await it.clear(event_id=event_id)


def aio_ResponseHandle(it: voicelive.aio.ResponseHandle) -> None:
    typing.assert_type(it.outcome, voicelive.conversation.ResponseOutcome | None)
    typing.assert_type(it.response_id, str | None)


async def aio_ResponseHandle_wait(it: voicelive.aio.ResponseHandle, timeout: float | None) -> None:
    typing.assert_type(await it.wait(timeout), voicelive.conversation.ResponseOutcome)


def aio_ResponseResource(it: voicelive.aio.ResponseResource) -> None:
    used(it)


async def aio_ResponseResource_cancel(it: voicelive.aio.ResponseResource, response_id: str | None, event_id: str | None) -> None:
    await it.cancel(response_id=response_id, event_id=event_id)


async def aio_ResponseResource_create(it: voicelive.aio.ResponseResource, response: voicelive.models.ResponseCreateParams | collections.abc.Mapping[str, typing.Any] | None, additional_instructions: str | None, event_id: str | None) -> None:
    await it.create(response=response, additional_instructions=additional_instructions, event_id=event_id)


def aio_SessionResource(it: voicelive.aio.SessionResource) -> None:
    used(it.avatar)


async def aio_SessionResource_update(it: voicelive.aio.SessionResource, session: voicelive.models.RequestSession | collections.abc.Mapping[str, typing.Any], event_id: str | None) -> None:
    await it.update(session=session, event_id=event_id)


def aio_TranscriptionSessionResource(it: voicelive.aio.TranscriptionSessionResource) -> None:
    used(it)


async def aio_TranscriptionSessionResource_update(it: voicelive.aio.TranscriptionSessionResource, session: voicelive.models.RequestTranscriptionSession | collections.abc.Mapping[str, typing.Any], event_id: str | None) -> None:
    await it.update(session=session, event_id=event_id)


def aio_VoiceLiveConnection(it: voicelive.aio.VoiceLiveConnection) -> None:
    used(it.byom_credential)
    typing.assert_type(it.close_info, voicelive.CloseInfo | None)
    used(it.conversation)
    used(it.input_audio)
    used(it.input_audio_buffer)
    used(it.input_text)
    typing.assert_type(it.metrics, voicelive.conversation.CallMetrics)
    typing.assert_type(it.observers_dropped, int)
    used(it.output_audio_buffer)
    typing.assert_type(it.playback, voicelive.conversation.Playback)
    typing.assert_type(it.request_id, str)
    used(it.response)
    used(it.rtc)
    used(it.session)
    used(it.transcription_session)
    typing.assert_type(it.turns, list[voicelive.conversation.TurnMetrics])


async def aio_VoiceLiveConnection_close(it: voicelive.aio.VoiceLiveConnection, code: int, reason: str) -> None:
    await it.close(code, reason)


async def aio_VoiceLiveConnection_interrupt(it: voicelive.aio.VoiceLiveConnection) -> None:
    typing.assert_type(await it.interrupt(), voicelive.conversation.Interruption | None)


async def aio_VoiceLiveConnection_open(it: voicelive.aio.VoiceLiveConnection) -> None:
    typing.assert_type(await it.open(), voicelive.aio.VoiceLiveConnection)


async def aio_VoiceLiveConnection_recv(it: voicelive.aio.VoiceLiveConnection, timeout: float | None) -> None:
    typing.assert_type(await it.recv(timeout), voicelive.models.AnyServerEvent)


async def aio_VoiceLiveConnection_recv_bytes(it: voicelive.aio.VoiceLiveConnection, timeout: float | None) -> None:
    typing.assert_type(await it.recv_bytes(timeout), bytes)


async def aio_VoiceLiveConnection_respond(it: voicelive.aio.VoiceLiveConnection, text: str | None, images: collections.abc.Iterable[bytes | str]) -> None:
    typing.assert_type(await it.respond(text, images=images), voicelive.aio.ResponseHandle)


async def aio_VoiceLiveConnection_say(it: voicelive.aio.VoiceLiveConnection, text: str) -> None:
    typing.assert_type(await it.say(text), voicelive.aio.ResponseHandle)


async def aio_VoiceLiveConnection_send(it: voicelive.aio.VoiceLiveConnection, event: voicelive.models.Model | collections.abc.Mapping[str, typing.Any]) -> None:
    await it.send(event)


async def aio_VoiceLiveConnection_wait_for(it: voicelive.aio.VoiceLiveConnection, condition: str | type[voicelive.models.Model] | collections.abc.Callable[[voicelive.models.AnyServerEvent], object], timeout: float | None, keep: bool) -> None:
    used(await it.wait_for(condition, timeout, keep=keep))


def aio_connect(endpoint: str | None, credential: azure.core.credentials.AzureKeyCredential | azure.core.credentials.TokenCredential | azure.core.credentials_async.AsyncTokenCredential | None, model: str | None, api_version: str, agent_name: str | None, project_name: str | None, agent_version: str | None, conversation_id: str | None, authentication_identity_client_id: str | None, foundry_resource_override: str | None, query: collections.abc.Mapping[str, typing.Any] | None, headers: collections.abc.Mapping[str, str] | None, connection_options: voicelive.ConnectionOptions | collections.abc.Mapping[str, typing.Any] | None, credential_scopes: str | collections.abc.Iterable[str] | None, preview_features: collections.abc.Iterable[str], events: collections.abc.Iterable[type[voicelive.models.Model]], contract_check: voicelive.ContractCheck, strict: bool, reconnect: voicelive.ReconnectPolicy | None, barge_in: bool | voicelive.conversation.BargeIn, tools: voicelive.tools.Tools | collections.abc.Iterable[voicelive.tools.Tool | collections.abc.Callable[..., typing.Any]], observers: collections.abc.Iterable[object], metrics: bool, user_away: float | None, budget: voicelive.conversation.Budget | None, recorder: voicelive.recording.Recorder | None, telemetry: voicelive.telemetry.Telemetry | None) -> None:
    typing.assert_type(voicelive.aio.connect(endpoint=endpoint, credential=credential, model=model, api_version=api_version, agent_name=agent_name, project_name=project_name, agent_version=agent_version, conversation_id=conversation_id, authentication_identity_client_id=authentication_identity_client_id, foundry_resource_override=foundry_resource_override, query=query, headers=headers, connection_options=connection_options, credential_scopes=credential_scopes, preview_features=preview_features, events=events, contract_check=contract_check, strict=strict, reconnect=reconnect, barge_in=barge_in, tools=tools, observers=observers, metrics=metrics, user_away=user_away, budget=budget, recorder=recorder, telemetry=telemetry), voicelive.aio.VoiceLiveConnection)


def aio_warmup(freeze: bool) -> None:
    voicelive.aio.warmup(freeze=freeze)


used(voicelive.audio.ArrayBackend, voicelive.audio.AudioConverter, voicelive.audio.AudioDevice, voicelive.audio.AudioDeviceError, voicelive.audio.AudioLevels, voicelive.audio.AudioStats, voicelive.audio.AudioStream, voicelive.audio.Backend, voicelive.audio.DeviceInfo, voicelive.audio.DeviceLostError, voicelive.audio.DeviceNotFoundError, voicelive.audio.EchoChoice, voicelive.audio.EchoMode, voicelive.audio.UnsupportedRateError, voicelive.audio.WavSink, voicelive.audio.WavSource, voicelive.audio.devices)


def audio_ArrayBackend(it: voicelive.audio.ArrayBackend) -> None:
    typing.assert_type(it.played, bytes)
    typing.assert_type(it.unheard_ms, int)


def audio_ArrayBackend_devices(it: voicelive.audio.ArrayBackend, refresh: bool) -> None:
    typing.assert_type(it.devices(refresh=refresh), collections.abc.Sequence[voicelive.audio.DeviceInfo])


def audio_ArrayBackend_open_input(it: voicelive.audio.ArrayBackend, device: voicelive.audio.DeviceInfo, rate: int, block: int, deliver: collections.abc.Callable[[memoryview], None]) -> None:
    typing.assert_type(it.open_input(device, rate=rate, block=block, deliver=deliver), voicelive.audio.AudioStream)


def audio_ArrayBackend_open_output(it: voicelive.audio.ArrayBackend, device: voicelive.audio.DeviceInfo, rate: int, block: int, fill: collections.abc.Callable[[memoryview], None]) -> None:
    typing.assert_type(it.open_output(device, rate=rate, block=block, fill=fill), voicelive.audio.AudioStream)


def audio_ArrayBackend_plug_in(it: voicelive.audio.ArrayBackend) -> None:
    it.plug_in()


def audio_ArrayBackend_speak(it: voicelive.audio.ArrayBackend, pcm: bytes) -> None:
    it.speak(pcm)


def audio_ArrayBackend_unplug(it: voicelive.audio.ArrayBackend) -> None:
    it.unplug()


def audio_AudioConverter(it: voicelive.audio.AudioConverter) -> None:
    used(it)


def audio_AudioConverter_feed(it: voicelive.audio.AudioConverter, audio: typing.Any) -> None:
    typing.assert_type(it.feed(audio), bytes)


def audio_AudioConverter_flush(it: voicelive.audio.AudioConverter) -> None:
    typing.assert_type(it.flush(), bytes)


def audio_AudioDevice(it: voicelive.audio.AudioDevice) -> None:
    typing.assert_type(it.echo, voicelive.audio.EchoMode | None)
    typing.assert_type(it.error, voicelive.DeviceLostError | None)
    typing.assert_type(it.input_name, str)
    typing.assert_type(it.levels, voicelive.audio.AudioLevels)
    typing.assert_type(it.output_name, str)
    typing.assert_type(it.session, dict[str, typing.Any])
    typing.assert_type(it.stats, voicelive.audio.AudioStats)
    typing.assert_type(it.volume, float)


def audio_AudioDevice_attach(it: voicelive.audio.AudioDevice, connection: voicelive.VoiceLiveConnection | voicelive.aio.VoiceLiveConnection) -> None:
    it.attach(connection)


def audio_AudioDevice_check(it: voicelive.audio.AudioDevice) -> None:
    it.check()


def audio_AudioDevice_close(it: voicelive.audio.AudioDevice) -> None:
    it.close()


def audio_AudioDevice_detach(it: voicelive.audio.AudioDevice) -> None:
    it.detach()


def audio_AudioDevice_open(it: voicelive.audio.AudioDevice) -> None:
    typing.assert_type(it.open(), voicelive.audio.AudioDevice)


def audio_AudioDevice_open_again(it: voicelive.audio.AudioDevice) -> None:
    used(it.open_again())


def audio_AudioDevice_press(it: voicelive.audio.AudioDevice) -> None:
    it.press()


def audio_AudioDevice_release(it: voicelive.audio.AudioDevice) -> None:
    it.release()


def audio_AudioLevels(it: voicelive.audio.AudioLevels) -> None:
    typing.assert_type(it.input_db, float)
    typing.assert_type(it.output_db, float)


def audio_AudioStats(it: voicelive.audio.AudioStats) -> None:
    typing.assert_type(it.input_latency_ms, float)
    typing.assert_type(it.output_latency_ms, float)
    typing.assert_type(it.overflows, int)
    typing.assert_type(it.realigned, int)
    typing.assert_type(it.reopened, int)
    typing.assert_type(it.sent_bytes, int)
    typing.assert_type(it.underruns, int)
    typing.assert_type(it.unsent, int)


def audio_AudioStream(it: voicelive.audio.AudioStream) -> None:
    typing.assert_type(it.latency_ms, float)
    typing.assert_type(it.rate, int)


def audio_AudioStream_close(it: voicelive.audio.AudioStream) -> None:
    it.close()


def audio_AudioStream_start(it: voicelive.audio.AudioStream) -> None:
    it.start()


def audio_Backend(it: voicelive.audio.Backend) -> None:
    used(it)


def audio_Backend_devices(it: voicelive.audio.Backend, refresh: bool) -> None:
    typing.assert_type(it.devices(refresh=refresh), collections.abc.Sequence[voicelive.audio.DeviceInfo])


def audio_Backend_open_input(it: voicelive.audio.Backend, device: voicelive.audio.DeviceInfo, rate: int, block: int, deliver: collections.abc.Callable[[memoryview], None]) -> None:
    typing.assert_type(it.open_input(device, rate=rate, block=block, deliver=deliver), voicelive.audio.AudioStream)


def audio_Backend_open_output(it: voicelive.audio.Backend, device: voicelive.audio.DeviceInfo, rate: int, block: int, fill: collections.abc.Callable[[memoryview], None]) -> None:
    typing.assert_type(it.open_output(device, rate=rate, block=block, fill=fill), voicelive.audio.AudioStream)


def audio_DeviceInfo(it: voicelive.audio.DeviceInfo) -> None:
    typing.assert_type(it.host, str)
    typing.assert_type(it.index, int)
    typing.assert_type(it.inputs, int)
    typing.assert_type(it.is_default_input, bool)
    typing.assert_type(it.is_default_output, bool)
    typing.assert_type(it.name, str)
    typing.assert_type(it.outputs, int)
    typing.assert_type(it.rate, int)


def audio_WavSink(it: voicelive.audio.WavSink) -> None:
    used(it)


def audio_WavSink_close(it: voicelive.audio.WavSink) -> None:
    it.close()


def audio_WavSink_write(it: voicelive.audio.WavSink, pcm: bytes) -> None:
    it.write(pcm)


def audio_WavSource(it: voicelive.audio.WavSource) -> None:
    typing.assert_type(it.duration_ms, int)


def audio_WavSource_chunks(it: voicelive.audio.WavSource, ms: int) -> None:
    typing.assert_type(it.chunks(ms), collections.abc.Iterator[bytes])


def audio_devices(backend: voicelive.audio.Backend | None) -> None:
    typing.assert_type(voicelive.audio.devices(backend=backend), collections.abc.Sequence[voicelive.audio.DeviceInfo])


used(voicelive.conversation.Approval, voicelive.conversation.Approvals, voicelive.conversation.ArgumentsError, voicelive.conversation.AudioFormat, voicelive.conversation.BargeIn, voicelive.conversation.BargeInPolicy, voicelive.conversation.Budget, voicelive.conversation.BudgetMeter, voicelive.conversation.BudgetUse, voicelive.conversation.Call, voicelive.conversation.CallMetrics, voicelive.conversation.Heard, voicelive.conversation.InputTimeline, voicelive.conversation.Interruption, voicelive.conversation.Observed, voicelive.conversation.Playback, voicelive.conversation.PlaybackLedger, voicelive.conversation.Price, voicelive.conversation.Reaction, voicelive.conversation.Request, voicelive.conversation.ResponseEnd, voicelive.conversation.ResponseOutcome, voicelive.conversation.ResponseQueue, voicelive.conversation.SessionView, voicelive.conversation.SilenceWatch, voicelive.conversation.Spread, voicelive.conversation.Ticket, voicelive.conversation.TimedWord, voicelive.conversation.TokenCounts, voicelive.conversation.ToolCalls, voicelive.conversation.Truncation, voicelive.conversation.TurnMeter, voicelive.conversation.TurnMetrics, voicelive.conversation.approval_response, voicelive.conversation.audio_format, voicelive.conversation.error_output, voicelive.conversation.measure, voicelive.conversation.parse_arguments, voicelive.conversation.split_heard)


def conversation_Approval(it: voicelive.conversation.Approval) -> None:
    typing.assert_type(it.arguments, str)
    typing.assert_type(it.name, str)
    typing.assert_type(it.request_id, str)
    typing.assert_type(it.server_label, str)


def conversation_Approvals(it: voicelive.conversation.Approvals) -> None:
    typing.assert_type(it.open, collections.abc.Collection[voicelive.conversation.Approval])


def conversation_Approvals_answered(it: voicelive.conversation.Approvals, request_id: str) -> None:
    typing.assert_type(it.answered(request_id), voicelive.conversation.Approval | None)


def conversation_Approvals_clear(it: voicelive.conversation.Approvals) -> None:
    it.clear()


def conversation_Approvals_requested(it: voicelive.conversation.Approvals, approval: voicelive.conversation.Approval) -> None:
    typing.assert_type(it.requested(approval), bool)


def conversation_AudioFormat(it: voicelive.conversation.AudioFormat) -> None:
    typing.assert_type(it.rate, int)
    typing.assert_type(it.width, int)


def conversation_AudioFormat_ms(it: voicelive.conversation.AudioFormat, size: int) -> None:
    typing.assert_type(it.ms(size), int)


def conversation_AudioFormat_size(it: voicelive.conversation.AudioFormat, ms: float) -> None:
    typing.assert_type(it.size(ms), int)


def conversation_BargeIn(it: voicelive.conversation.BargeIn) -> None:
    typing.assert_type(it.min_speech_ms, int)
    typing.assert_type(it.min_words, int)
    typing.assert_type(it.resume_false, bool)


def conversation_BargeInPolicy(it: voicelive.conversation.BargeInPolicy) -> None:
    used(it)


def conversation_BargeInPolicy_due(it: voicelive.conversation.BargeInPolicy) -> None:
    typing.assert_type(it.due(), float | None)


def conversation_BargeInPolicy_interrupt(it: voicelive.conversation.BargeInPolicy, active: bool) -> None:
    typing.assert_type(it.interrupt(active=active), voicelive.conversation.Reaction)


def conversation_BargeInPolicy_is_false(it: voicelive.conversation.BargeInPolicy, item_id: str, text: str) -> None:
    typing.assert_type(it.is_false(item_id, text), bool)


def conversation_BargeInPolicy_speech_started(it: voicelive.conversation.BargeInPolicy, item_id: str, now: float) -> None:
    typing.assert_type(it.speech_started(item_id, now), voicelive.conversation.Reaction)


def conversation_BargeInPolicy_speech_stopped(it: voicelive.conversation.BargeInPolicy, now: float) -> None:
    typing.assert_type(it.speech_stopped(now), voicelive.conversation.Reaction)


def conversation_BargeInPolicy_tick(it: voicelive.conversation.BargeInPolicy, now: float) -> None:
    typing.assert_type(it.tick(now), voicelive.conversation.Reaction)


def conversation_BargeInPolicy_transcript(it: voicelive.conversation.BargeInPolicy, item_id: str, text: str) -> None:
    typing.assert_type(it.transcript(item_id, text), voicelive.conversation.Reaction)


def conversation_Budget(it: voicelive.conversation.Budget) -> None:
    typing.assert_type(it.money, float | None)
    typing.assert_type(it.price, voicelive.conversation.Price | None)
    typing.assert_type(it.seconds, float | None)
    typing.assert_type(it.tokens, int | None)
    typing.assert_type(it.warn_at, float)


def conversation_BudgetMeter(it: voicelive.conversation.BudgetMeter) -> None:
    used(it)


def conversation_BudgetMeter_begin(it: voicelive.conversation.BudgetMeter, now: float) -> None:
    it.begin(now)


def conversation_BudgetMeter_check(it: voicelive.conversation.BudgetMeter, now: float) -> None:
    typing.assert_type(it.check(now), list[voicelive.conversation.BudgetUse])


def conversation_BudgetMeter_due(it: voicelive.conversation.BudgetMeter) -> None:
    typing.assert_type(it.due(), float | None)


def conversation_BudgetMeter_spend(it: voicelive.conversation.BudgetMeter, tokens: voicelive.conversation.TokenCounts) -> None:
    it.spend(tokens)


def conversation_BudgetUse(it: voicelive.conversation.BudgetUse) -> None:
    typing.assert_type(it.allowed, float)
    typing.assert_type(it.is_exceeded, bool)
    typing.assert_type(it.limit, typing.Literal['seconds', 'tokens', 'money'])
    typing.assert_type(it.used, float)


def conversation_Call(it: voicelive.conversation.Call) -> None:
    typing.assert_type(it.arguments, str)
    typing.assert_type(it.call_id, str)
    typing.assert_type(it.item_id, str | None)
    typing.assert_type(it.name, str)
    typing.assert_type(it.response_id, str | None)


def conversation_CallMetrics(it: voicelive.conversation.CallMetrics) -> None:
    typing.assert_type(it.false_interruptions, int)
    typing.assert_type(it.interruptions, int)
    typing.assert_type(it.reconnects, int)
    typing.assert_type(it.tokens, voicelive.conversation.TokenCounts)
    typing.assert_type(it.turns, tuple[voicelive.conversation.TurnMetrics, ...])


def conversation_CallMetrics_cost(it: voicelive.conversation.CallMetrics, price: voicelive.conversation.Price) -> None:
    typing.assert_type(it.cost(price), float)


def conversation_CallMetrics_spread(it: voicelive.conversation.CallMetrics, name: str) -> None:
    typing.assert_type(it.spread(name), voicelive.conversation.Spread | None)


def conversation_Heard(it: voicelive.conversation.Heard) -> None:
    typing.assert_type(it.content_index, int)
    typing.assert_type(it.item_id, str)
    typing.assert_type(it.ms, int)


def conversation_InputTimeline(it: voicelive.conversation.InputTimeline) -> None:
    typing.assert_type(it.sent_ms, int)


def conversation_InputTimeline_restart(it: voicelive.conversation.InputTimeline, audio_format: voicelive.conversation.AudioFormat) -> None:
    it.restart(audio_format)


def conversation_InputTimeline_sent(it: voicelive.conversation.InputTimeline, size: int, now: float) -> None:
    it.sent(size, now)


def conversation_InputTimeline_time_of(it: voicelive.conversation.InputTimeline, position_ms: float) -> None:
    typing.assert_type(it.time_of(position_ms), float | None)


def conversation_InputTimeline_use_format(it: voicelive.conversation.InputTimeline, audio_format: voicelive.conversation.AudioFormat) -> None:
    it.use_format(audio_format)


def conversation_Interruption(it: voicelive.conversation.Interruption) -> None:
    typing.assert_type(it.heard_ms, int)
    typing.assert_type(it.heard_text, str)
    typing.assert_type(it.item_id, str)
    typing.assert_type(it.response_id, str | None)
    typing.assert_type(it.truncations, tuple[voicelive.conversation.Truncation, ...])
    typing.assert_type(it.unheard_ms, int)
    typing.assert_type(it.unheard_text, str)


def conversation_Observed(it: voicelive.conversation.Observed) -> None:
    typing.assert_type(it.direction, typing.Literal['in', 'out'])
    typing.assert_type(it.event, voicelive.models.Model | collections.abc.Mapping[str, typing.Any])
    typing.assert_type(it.time, float)


def conversation_Playback(it: voicelive.conversation.Playback) -> None:
    typing.assert_type(it.latency_ms, int)
    typing.assert_type(it.unheard_ms, int)


def conversation_Playback_on_flush(it: voicelive.conversation.Playback, callback: collections.abc.Callable[[], typing.Any]) -> None:
    it.on_flush(callback)


def conversation_Playback_played(it: voicelive.conversation.Playback, size: int, item_id: str | None) -> None:
    it.played(size, item_id=item_id)


def conversation_Playback_underrun(it: voicelive.conversation.Playback) -> None:
    it.underrun()


def conversation_PlaybackLedger(it: voicelive.conversation.PlaybackLedger) -> None:
    typing.assert_type(it.heard, voicelive.conversation.Heard | None)
    typing.assert_type(it.margin_ms, int)
    typing.assert_type(it.unheard_ms, int)


def conversation_PlaybackLedger_finished(it: voicelive.conversation.PlaybackLedger, item_id: str, content_index: int) -> None:
    it.finished(item_id, content_index)


def conversation_PlaybackLedger_interrupt(it: voicelive.conversation.PlaybackLedger, response_id: str | None, latency_ms: int) -> None:
    typing.assert_type(it.interrupt(response_id=response_id, latency_ms=latency_ms), voicelive.conversation.Interruption | None)


def conversation_PlaybackLedger_is_dropped(it: voicelive.conversation.PlaybackLedger, item_id: str | None, response_id: str | None) -> None:
    typing.assert_type(it.is_dropped(item_id, response_id), bool)


def conversation_PlaybackLedger_played(it: voicelive.conversation.PlaybackLedger, size: int, item_id: str | None) -> None:
    typing.assert_type(it.played(size, item_id=item_id), list[voicelive.conversation.Heard])


def conversation_PlaybackLedger_received(it: voicelive.conversation.PlaybackLedger, item_id: str, content_index: int, size: int, response_id: str | None) -> None:
    typing.assert_type(it.received(item_id, content_index, size, response_id), bool)


def conversation_PlaybackLedger_resume(it: voicelive.conversation.PlaybackLedger) -> None:
    typing.assert_type(it.resume(), bool)


def conversation_PlaybackLedger_session_moved(it: voicelive.conversation.PlaybackLedger, lost_responses: collections.abc.Collection[str], kept_items: collections.abc.Collection[str]) -> None:
    it.session_moved(lost_responses=lost_responses, kept_items=kept_items)


def conversation_PlaybackLedger_take_late(it: voicelive.conversation.PlaybackLedger, response_id: str | None) -> None:
    typing.assert_type(it.take_late(response_id), list[voicelive.conversation.Truncation])


def conversation_PlaybackLedger_too_long(it: voicelive.conversation.PlaybackLedger, audio_end_ms: int, audio_ms: int) -> None:
    typing.assert_type(it.too_long(audio_end_ms, audio_ms), bool)


def conversation_PlaybackLedger_transcript(it: voicelive.conversation.PlaybackLedger, item_id: str, content_index: int, text: str, response_id: str | None) -> None:
    it.transcript(item_id, content_index, text, response_id)


def conversation_PlaybackLedger_use_format(it: voicelive.conversation.PlaybackLedger, audio_format: voicelive.conversation.AudioFormat) -> None:
    it.use_format(audio_format)


def conversation_PlaybackLedger_word(it: voicelive.conversation.PlaybackLedger, item_id: str, content_index: int, text: str, end_ms: int) -> None:
    it.word(item_id, content_index, text, end_ms)


def conversation_Price(it: voicelive.conversation.Price) -> None:
    typing.assert_type(it.cached, float)
    typing.assert_type(it.input_audio, float)
    typing.assert_type(it.input_text, float)
    typing.assert_type(it.output_audio, float)
    typing.assert_type(it.output_text, float)


def conversation_Price_of(it: voicelive.conversation.Price, tokens: voicelive.conversation.TokenCounts) -> None:
    typing.assert_type(it.of(tokens), float)


def conversation_Reaction(it: voicelive.conversation.Reaction) -> None:
    typing.assert_type(it.cancel, bool)
    typing.assert_type(it.clear_output, bool)
    typing.assert_type(it.flush, bool)
    typing.assert_type(it.truncate, bool)


def conversation_Request(it: voicelive.conversation.Request) -> None:
    typing.assert_type(it.event_id, str | None)
    typing.assert_type(it.is_own, bool)
    typing.assert_type(it.parameters, collections.abc.Mapping[str, typing.Any] | None)
    typing.assert_type(it.tickets, list[voicelive.conversation.Ticket])


def conversation_ResponseOutcome(it: voicelive.conversation.ResponseOutcome) -> None:
    typing.assert_type(it.reason, str | None)
    typing.assert_type(it.response_id, str | None)
    typing.assert_type(it.status, voicelive.conversation.ResponseEnd)


def conversation_ResponseQueue(it: voicelive.conversation.ResponseQueue) -> None:
    typing.assert_type(it.active, str | None)
    typing.assert_type(it.is_active, bool)
    typing.assert_type(it.is_idle, bool)


def conversation_ResponseQueue_clear(it: voicelive.conversation.ResponseQueue, reason: str) -> None:
    it.clear(reason)


def conversation_ResponseQueue_created(it: voicelive.conversation.ResponseQueue, response_id: str | None) -> None:
    it.created(response_id)


def conversation_ResponseQueue_done(it: voicelive.conversation.ResponseQueue, response_id: str | None, status: str | None, reason: str | None) -> None:
    it.done(response_id, status, reason)


def conversation_ResponseQueue_due(it: voicelive.conversation.ResponseQueue) -> None:
    typing.assert_type(it.due(), float | None)


def conversation_ResponseQueue_error(it: voicelive.conversation.ResponseQueue, reason: str, now: float, event_id: str | None, param: str | None) -> None:
    typing.assert_type(it.error(reason, now, event_id=event_id, param=param), bool)


def conversation_ResponseQueue_next(it: voicelive.conversation.ResponseQueue) -> None:
    typing.assert_type(it.next(), voicelive.conversation.Request | None)


def conversation_ResponseQueue_refused(it: voicelive.conversation.ResponseQueue) -> None:
    typing.assert_type(it.refused(), bool)


def conversation_ResponseQueue_request(it: voicelive.conversation.ResponseQueue, parameters: collections.abc.Mapping[str, typing.Any] | None) -> None:
    typing.assert_type(it.request(parameters), voicelive.conversation.Ticket)


def conversation_ResponseQueue_sent(it: voicelive.conversation.ResponseQueue, event_id: str | None) -> None:
    it.sent(event_id)


def conversation_ResponseQueue_session_lost(it: voicelive.conversation.ResponseQueue, reason: str) -> None:
    it.session_lost(reason)


def conversation_ResponseQueue_session_restored(it: voicelive.conversation.ResponseQueue) -> None:
    it.session_restored()


def conversation_ResponseQueue_supersede(it: voicelive.conversation.ResponseQueue, ticket: voicelive.conversation.Ticket, reason: str) -> None:
    it.supersede(ticket, reason)


def conversation_ResponseQueue_tick(it: voicelive.conversation.ResponseQueue, now: float) -> None:
    typing.assert_type(it.tick(now), bool)


def conversation_SessionView(it: voicelive.conversation.SessionView) -> None:
    typing.assert_type(it.auto_truncate, bool)
    typing.assert_type(it.create_response, bool)
    typing.assert_type(it.detection, str | None)
    typing.assert_type(it.input, voicelive.conversation.AudioFormat)
    typing.assert_type(it.interrupt_response, bool)
    typing.assert_type(it.output, voicelive.conversation.AudioFormat)
    typing.assert_type(it.service_plays, bool)
    typing.assert_type(it.silence_ms, int | None)
    typing.assert_type(it.speaks, bool)


def conversation_SessionView_of(it: voicelive.conversation.SessionView, session: collections.abc.Mapping[str, typing.Any]) -> None:
    typing.assert_type(voicelive.conversation.SessionView.of(session), voicelive.conversation.SessionView)


def conversation_SilenceWatch(it: voicelive.conversation.SilenceWatch) -> None:
    used(it)


def conversation_SilenceWatch_busy(it: voicelive.conversation.SilenceWatch) -> None:
    it.busy()


def conversation_SilenceWatch_due(it: voicelive.conversation.SilenceWatch) -> None:
    typing.assert_type(it.due(), float | None)


def conversation_SilenceWatch_rest(it: voicelive.conversation.SilenceWatch, now: float) -> None:
    it.rest(now)


def conversation_SilenceWatch_tick(it: voicelive.conversation.SilenceWatch, now: float) -> None:
    typing.assert_type(it.tick(now), int)


def conversation_SilenceWatch_user_began(it: voicelive.conversation.SilenceWatch) -> None:
    it.user_began()


def conversation_SilenceWatch_user_ended(it: voicelive.conversation.SilenceWatch) -> None:
    it.user_ended()


def conversation_SilenceWatch_user_wrote(it: voicelive.conversation.SilenceWatch, now: float) -> None:
    it.user_wrote(now)


def conversation_Spread(it: voicelive.conversation.Spread) -> None:
    typing.assert_type(it.count, int)
    typing.assert_type(it.p50, float)
    typing.assert_type(it.p95, float)
    typing.assert_type(it.p99, float)


def conversation_Spread_of(it: voicelive.conversation.Spread, values: collections.abc.Iterable[float | None]) -> None:
    typing.assert_type(voicelive.conversation.Spread.of(values), voicelive.conversation.Spread | None)


def conversation_Ticket(it: voicelive.conversation.Ticket) -> None:
    typing.assert_type(it.outcome, voicelive.conversation.ResponseOutcome | None)
    typing.assert_type(it.response_id, str | None)


def conversation_TimedWord(it: voicelive.conversation.TimedWord) -> None:
    typing.assert_type(it.end_ms, int)
    typing.assert_type(it.text, str)


def conversation_TokenCounts(it: voicelive.conversation.TokenCounts) -> None:
    typing.assert_type(it.cached, int | None)
    typing.assert_type(it.input, int | None)
    typing.assert_type(it.input_audio, int | None)
    typing.assert_type(it.input_text, int | None)
    typing.assert_type(it.output, int | None)
    typing.assert_type(it.output_audio, int | None)
    typing.assert_type(it.output_text, int | None)


def conversation_TokenCounts_of(it: voicelive.conversation.TokenCounts, usage: object) -> None:
    typing.assert_type(voicelive.conversation.TokenCounts.of(usage), voicelive.conversation.TokenCounts)


def conversation_ToolCalls(it: voicelive.conversation.ToolCalls) -> None:
    typing.assert_type(it.is_busy, bool)
    typing.assert_type(it.running, collections.abc.Collection[voicelive.conversation.Call])


def conversation_ToolCalls_called(it: voicelive.conversation.ToolCalls, call: voicelive.conversation.Call) -> None:
    typing.assert_type(it.called(call), bool)


def conversation_ToolCalls_clear(it: voicelive.conversation.ToolCalls) -> None:
    typing.assert_type(it.clear(), list[voicelive.conversation.Call])


def conversation_ToolCalls_finished(it: voicelive.conversation.ToolCalls, call_id: str, wants_response: bool) -> None:
    typing.assert_type(it.finished(call_id, wants_response=wants_response), voicelive.conversation.Call | None)


def conversation_ToolCalls_remote_began(it: voicelive.conversation.ToolCalls, item_id: str, response_id: str | None) -> None:
    it.remote_began(item_id, response_id)


def conversation_ToolCalls_remote_ended(it: voicelive.conversation.ToolCalls, item_id: str) -> None:
    it.remote_ended(item_id)


def conversation_ToolCalls_response_done(it: voicelive.conversation.ToolCalls, response_id: str | None, is_whole: bool) -> None:
    it.response_done(response_id, is_whole=is_whole)


def conversation_ToolCalls_session_moved(it: voicelive.conversation.ToolCalls) -> None:
    it.session_moved()


def conversation_ToolCalls_take_follow_up(it: voicelive.conversation.ToolCalls) -> None:
    typing.assert_type(it.take_follow_up(), bool)


def conversation_ToolCalls_user_turn(it: voicelive.conversation.ToolCalls) -> None:
    it.user_turn()


def conversation_Truncation(it: voicelive.conversation.Truncation) -> None:
    typing.assert_type(it.audio_end_ms, int)
    typing.assert_type(it.content_index, int)
    typing.assert_type(it.item_id, str)
    typing.assert_type(it.words, str | None)


def conversation_TurnMeter(it: voicelive.conversation.TurnMeter) -> None:
    typing.assert_type(it.call, voicelive.conversation.CallMetrics)
    typing.assert_type(it.turns, list[voicelive.conversation.TurnMetrics])


def conversation_TurnMeter_audio(it: voicelive.conversation.TurnMeter, ms: int, now: float) -> None:
    it.audio(ms, now)


def conversation_TurnMeter_begin(it: voicelive.conversation.TurnMeter) -> None:
    typing.assert_type(it.begin(), voicelive.conversation.TurnMetrics | None)


def conversation_TurnMeter_created(it: voicelive.conversation.TurnMeter, response_id: str | None, now: float) -> None:
    typing.assert_type(it.created(response_id, now), voicelive.conversation.TurnMetrics | None)


def conversation_TurnMeter_done(it: voicelive.conversation.TurnMeter, status: str | None, tokens: voicelive.conversation.TokenCounts) -> None:
    it.done(status, tokens)


def conversation_TurnMeter_end(it: voicelive.conversation.TurnMeter) -> None:
    typing.assert_type(it.end(), voicelive.conversation.TurnMetrics | None)


def conversation_TurnMeter_false_interruption(it: voicelive.conversation.TurnMeter) -> None:
    it.false_interruption()


def conversation_TurnMeter_interrupted(it: voicelive.conversation.TurnMeter) -> None:
    it.interrupted()


def conversation_TurnMeter_played(it: voicelive.conversation.TurnMeter, item_id: str, ms: int, now: float, latency_ms: float) -> None:
    it.played(item_id, ms, now, latency_ms)


def conversation_TurnMeter_reconnected(it: voicelive.conversation.TurnMeter) -> None:
    it.reconnected()


def conversation_TurnMeter_requested(it: voicelive.conversation.TurnMeter, now: float, follows_tools: bool) -> None:
    typing.assert_type(it.requested(now, follows_tools=follows_tools), voicelive.conversation.TurnMetrics | None)


def conversation_TurnMeter_speech_stopped(it: voicelive.conversation.TurnMeter, item_id: str, ended: float | None, now: float) -> None:
    typing.assert_type(it.speech_stopped(item_id, ended, now), voicelive.conversation.TurnMetrics | None)


def conversation_TurnMeter_text(it: voicelive.conversation.TurnMeter, now: float) -> None:
    it.text(now)


def conversation_TurnMeter_tool_done(it: voicelive.conversation.TurnMeter, call_id: str, now: float) -> None:
    it.tool_done(call_id, now)


def conversation_TurnMeter_tool_started(it: voicelive.conversation.TurnMeter, call_id: str, now: float) -> None:
    it.tool_started(call_id, now)


def conversation_TurnMeter_transcribed(it: voicelive.conversation.TurnMeter, item_id: str, now: float) -> None:
    it.transcribed(item_id, now)


def conversation_TurnMeter_underrun(it: voicelive.conversation.TurnMeter) -> None:
    it.underrun()


def conversation_TurnMetrics(it: voicelive.conversation.TurnMetrics) -> None:
    typing.assert_type(it.endpointing_ms, float | None)
    typing.assert_type(it.first_audio_ms, float | None)
    typing.assert_type(it.first_text_ms, float | None)
    typing.assert_type(it.generated_ms, int | None)
    typing.assert_type(it.heard_ms, int | None)
    typing.assert_type(it.interrupted, bool)
    typing.assert_type(it.number, int)
    typing.assert_type(it.response_ids, tuple[str, ...])
    typing.assert_type(it.status, str | None)
    typing.assert_type(it.thinking_ms, float | None)
    typing.assert_type(it.tokens, voicelive.conversation.TokenCounts)
    typing.assert_type(it.tool_ms, float | None)
    typing.assert_type(it.transcription_ms, float | None)
    typing.assert_type(it.underruns, int | None)
    typing.assert_type(it.user_item_id, str | None)
    typing.assert_type(it.voice_to_voice_ms, float | None)


def conversation_approval_response(request_id: str, approve: bool) -> None:
    typing.assert_type(voicelive.conversation.approval_response(request_id, approve), dict[str, object])


def conversation_audio_format(name: object, rate: int | None) -> None:
    typing.assert_type(voicelive.conversation.audio_format(name, rate), voicelive.conversation.AudioFormat)


def conversation_error_output(message: str) -> None:
    typing.assert_type(voicelive.conversation.error_output(message), str)


def conversation_measure(events: collections.abc.Iterable[voicelive.conversation.Observed], played: collections.abc.Iterable[tuple[float, str | None, int]], barge_in: bool | voicelive.conversation.BargeIn) -> None:
    typing.assert_type(voicelive.conversation.measure(events, played=played, barge_in=barge_in), voicelive.conversation.CallMetrics)


def conversation_parse_arguments(text: str | None) -> None:
    typing.assert_type(voicelive.conversation.parse_arguments(text), dict[str, typing.Any])


def conversation_split_heard(text: str, heard_ms: float, audio_ms: float, words: tuple[voicelive.conversation.TimedWord, ...]) -> None:
    typing.assert_type(voicelive.conversation.split_heard(text, heard_ms, audio_ms, words), tuple[str, str])


used(voicelive.errors.AudioDeviceError, voicelive.errors.AuthenticationError, voicelive.errors.BadRequestError, voicelive.errors.BlockingInAsyncWarning, voicelive.errors.BudgetExceededError, voicelive.errors.ConfigurationError, voicelive.errors.ConfigurationRejectedError, voicelive.errors.ConnectTimeoutError, voicelive.errors.ConnectionClosed, voicelive.errors.ConnectionError, voicelive.errors.ConnectionStateError, voicelive.errors.ContractWarning, voicelive.errors.DeviceLostError, voicelive.errors.DeviceNotFoundError, voicelive.errors.HandshakeError, voicelive.errors.InternalError, voicelive.errors.InvalidEventError, voicelive.errors.KeepaliveTimeoutError, voicelive.errors.MessageTooBigError, voicelive.errors.NotFoundError, voicelive.errors.ProxyError, voicelive.errors.ReadyTimeoutError, voicelive.errors.ReceiveOverflowError, voicelive.errors.ReceiveTimeoutError, voicelive.errors.ReconnectFailedError, voicelive.errors.RecordingError, voicelive.errors.RedirectError, voicelive.errors.ResponseStalledError, voicelive.errors.SendQueueFullError, voicelive.errors.SessionExpiredError, voicelive.errors.ThrottledError, voicelive.errors.TlsError, voicelive.errors.UnsentEvent, voicelive.errors.VoiceLiveError)


used(voicelive.evaluation.BatchProgress, voicelive.evaluation.CallJob, voicelive.evaluation.CallResult, voicelive.evaluation.Change, voicelive.evaluation.Check, voicelive.evaluation.Ended, voicelive.evaluation.Estimate, voicelive.evaluation.Group, voicelive.evaluation.Heard, voicelive.evaluation.InOrder, voicelive.evaluation.JudgedBy, voicelive.evaluation.Keys, voicelive.evaluation.LanguageModel, voicelive.evaluation.Line, voicelive.evaluation.NoTalkingOver, voicelive.evaluation.NoTool, voicelive.evaluation.NotSaid, voicelive.evaluation.Play, voicelive.evaluation.SCORES, voicelive.evaluation.Said, voicelive.evaluation.Say, voicelive.evaluation.Scenario, voicelive.evaluation.Score, voicelive.evaluation.Silence, voicelive.evaluation.Summary, voicelive.evaluation.ToolCalled, voicelive.evaluation.WaitFor, voicelive.evaluation.WithinMs, voicelive.evaluation.YieldsWithinMs, voicelive.evaluation.assistant, voicelive.evaluation.compare, voicelive.evaluation.html_report, voicelive.evaluation.load_scenarios, voicelive.evaluation.read_results, voicelive.evaluation.run_batch, voicelive.evaluation.run_call, voicelive.evaluation.run_call_async, voicelive.evaluation.scenario_schema, voicelive.evaluation.standard_set, voicelive.evaluation.summarize, voicelive.evaluation.word_error_rate, voicelive.evaluation.write_junit, voicelive.evaluation.write_parquet)


def evaluation_BatchProgress(it: voicelive.evaluation.BatchProgress) -> None:
    typing.assert_type(it.done, int)
    typing.assert_type(it.elapsed_s, float)
    typing.assert_type(it.remaining_s, float | None)
    typing.assert_type(it.result, voicelive.evaluation.CallResult | None)
    typing.assert_type(it.running, int)
    typing.assert_type(it.total, int | None)


def evaluation_CallJob(it: voicelive.evaluation.CallJob) -> None:
    typing.assert_type(it.agent, str | voicelive.agents.Agent)
    typing.assert_type(it.connect, collections.abc.Mapping[str, typing.Any])
    typing.assert_type(it.engines, typing.Literal['auto', 'speech', 'basic'])
    typing.assert_type(it.id, str)
    typing.assert_type(it.judge, voicelive.evaluation.LanguageModel | None)
    typing.assert_type(it.price, voicelive.conversation.Price | None)
    typing.assert_type(it.recognize, bool)
    typing.assert_type(it.recording, str | None)
    typing.assert_type(it.scenario, voicelive.evaluation.Scenario)
    typing.assert_type(it.seed, int)
    typing.assert_type(it.speaker, voicelive.evaluation.LanguageModel | None)


def evaluation_CallResult(it: voicelive.evaluation.CallResult) -> None:
    typing.assert_type(it.attempts, int)
    typing.assert_type(it.checks, tuple[voicelive.evaluation.Check, ...])
    typing.assert_type(it.duration_ms, int)
    typing.assert_type(it.error, str | None)
    typing.assert_type(it.id, str)
    typing.assert_type(it.is_retryable, bool)
    typing.assert_type(it.outcome, typing.Literal['passed', 'failed', 'error'])
    typing.assert_type(it.recording, str | None)
    typing.assert_type(it.retry_after_s, float | None)
    typing.assert_type(it.samples, collections.abc.Mapping[str, tuple[float, ...]])
    typing.assert_type(it.scenario, str)
    typing.assert_type(it.scores, collections.abc.Mapping[str, float])
    typing.assert_type(it.started, str)
    typing.assert_type(it.tags, tuple[str, ...])
    typing.assert_type(it.transcript, str)
    typing.assert_type(it.worker, str)


def evaluation_CallResult_assert_passed(it: voicelive.evaluation.CallResult) -> None:
    it.assert_passed()


def evaluation_CallResult_from_dict(it: voicelive.evaluation.CallResult, values: collections.abc.Mapping[str, typing.Any]) -> None:
    typing.assert_type(voicelive.evaluation.CallResult.from_dict(values), voicelive.evaluation.CallResult)


def evaluation_CallResult_to_dict(it: voicelive.evaluation.CallResult) -> None:
    typing.assert_type(it.to_dict(), dict[str, typing.Any])


def evaluation_Change(it: voicelive.evaluation.Change) -> None:
    typing.assert_type(it.after, float)
    typing.assert_type(it.before, float)
    typing.assert_type(it.chance, float)
    typing.assert_type(it.difference, voicelive.evaluation.Estimate)
    typing.assert_type(it.scenario, str)
    typing.assert_type(it.score, str)
    typing.assert_type(it.verdict, typing.Literal['better', 'worse', 'same'])
    typing.assert_type(it.weight, float)


def evaluation_Check(it: voicelive.evaluation.Check) -> None:
    typing.assert_type(it.expected, str)
    typing.assert_type(it.passed, bool | None)
    typing.assert_type(it.reason, str)


def evaluation_Ended(it: voicelive.evaluation.Ended) -> None:
    typing.assert_type(it.ended, bool)
    used(it.model_config)


def evaluation_Estimate(it: voicelive.evaluation.Estimate) -> None:
    typing.assert_type(it.count, int)
    typing.assert_type(it.high, float)
    typing.assert_type(it.low, float)
    typing.assert_type(it.mean, float)


def evaluation_Group(it: voicelive.evaluation.Group) -> None:
    typing.assert_type(it.calls, int)
    typing.assert_type(it.name, str)
    typing.assert_type(it.outcomes, collections.abc.Mapping[str, int])
    typing.assert_type(it.samples, collections.abc.Mapping[str, voicelive.conversation.Spread])
    typing.assert_type(it.scores, collections.abc.Mapping[str, voicelive.evaluation.Estimate])


def evaluation_Heard(it: voicelive.evaluation.Heard) -> None:
    typing.assert_type(it.heard, str)
    typing.assert_type(it.max_error, float)
    used(it.model_config)


def evaluation_InOrder(it: voicelive.evaluation.InOrder) -> None:
    typing.assert_type(it.in_order, list[voicelive.evaluation.Heard | voicelive.evaluation.Said | voicelive.evaluation.ToolCalled])
    used(it.model_config)


def evaluation_JudgedBy(it: voicelive.evaluation.JudgedBy) -> None:
    typing.assert_type(it.judge, str)
    used(it.model_config)


def evaluation_Keys(it: voicelive.evaluation.Keys) -> None:
    typing.assert_type(it.keys, str)
    used(it.model_config)


def evaluation_LanguageModel(it: voicelive.evaluation.LanguageModel) -> None:
    typing.assert_type(it.api_key_env, str | None)
    typing.assert_type(it.base_url, str)
    typing.assert_type(it.model, str)
    typing.assert_type(it.timeout_s, float)


async def evaluation_LanguageModel_ask(it: voicelive.evaluation.LanguageModel, instructions: str, text: str) -> None:
    typing.assert_type(await it.ask(instructions, text), str)


def evaluation_Line(it: voicelive.evaluation.Line) -> None:
    typing.assert_type(it.loss_percent, float)
    used(it.model_config)
    typing.assert_type(it.noise_db, float | None)
    typing.assert_type(it.volume_db, float)


def evaluation_NoTalkingOver(it: voicelive.evaluation.NoTalkingOver) -> None:
    used(it.model_config)
    typing.assert_type(it.no_talking_over, typing.Literal[True])


def evaluation_NoTool(it: voicelive.evaluation.NoTool) -> None:
    used(it.model_config)
    typing.assert_type(it.no_tool, typing.Literal[True] | str)


def evaluation_NotSaid(it: voicelive.evaluation.NotSaid) -> None:
    used(it.model_config)
    typing.assert_type(it.not_said, str)


def evaluation_Play(it: voicelive.evaluation.Play) -> None:
    typing.assert_type(it.after, typing.Literal['answer', 'now'])
    typing.assert_type(it.interrupt_after_ms, int | None)
    used(it.model_config)
    typing.assert_type(it.play, str)
    typing.assert_type(it.text, str | None)


def evaluation_Said(it: voicelive.evaluation.Said) -> None:
    typing.assert_type(it.max_error, float)
    used(it.model_config)
    typing.assert_type(it.said, str | list[str])


def evaluation_Say(it: voicelive.evaluation.Say) -> None:
    typing.assert_type(it.after, typing.Literal['answer', 'now'])
    typing.assert_type(it.interrupt_after_ms, int | None)
    used(it.model_config)
    typing.assert_type(it.rate, float)
    typing.assert_type(it.say, str)
    typing.assert_type(it.voice, str | None)


def evaluation_Scenario(it: voicelive.evaluation.Scenario) -> None:
    typing.assert_type(it.caller, list[voicelive.evaluation.Say | voicelive.evaluation.Play | voicelive.evaluation.Silence | voicelive.evaluation.WaitFor | voicelive.evaluation.Keys])
    typing.assert_type(it.description, str | None)
    typing.assert_type(it.expect, list[voicelive.evaluation.Heard | voicelive.evaluation.Said | voicelive.evaluation.NotSaid | voicelive.evaluation.ToolCalled | voicelive.evaluation.NoTool | voicelive.evaluation.WithinMs | voicelive.evaluation.YieldsWithinMs | voicelive.evaluation.NoTalkingOver | voicelive.evaluation.Ended | voicelive.evaluation.JudgedBy | voicelive.evaluation.InOrder])
    typing.assert_type(it.goal, str | None)
    typing.assert_type(it.line, voicelive.evaluation.Line)
    used(it.model_config)
    typing.assert_type(it.most_turns, int)
    typing.assert_type(it.name, str)
    typing.assert_type(it.patience_ms, int)
    typing.assert_type(it.pause_ms, int)
    typing.assert_type(it.tags, list[str])
    typing.assert_type(it.timeout_s, float)
    typing.assert_type(it.voice, str | None)


def evaluation_Score(it: voicelive.evaluation.Score) -> None:
    typing.assert_type(it.better, int)
    typing.assert_type(it.is_sampled, bool)
    typing.assert_type(it.label, str)
    typing.assert_type(it.name, str)
    typing.assert_type(it.unit, str)


def evaluation_Silence(it: voicelive.evaluation.Silence) -> None:
    used(it.model_config)
    typing.assert_type(it.silence_ms, int)


def evaluation_Summary(it: voicelive.evaluation.Summary) -> None:
    typing.assert_type(it.scenarios, collections.abc.Sequence[voicelive.evaluation.Group])
    typing.assert_type(it.tags, collections.abc.Sequence[voicelive.evaluation.Group])
    typing.assert_type(it.total, voicelive.evaluation.Group)


def evaluation_ToolCalled(it: voicelive.evaluation.ToolCalled) -> None:
    typing.assert_type(it.arguments, dict[str, typing.Any] | None)
    used(it.model_config)
    typing.assert_type(it.tool, str)


def evaluation_WaitFor(it: voicelive.evaluation.WaitFor) -> None:
    used(it.model_config)
    typing.assert_type(it.timeout_ms, int)
    typing.assert_type(it.wait_for, typing.Literal['answer', 'answer_end'])


def evaluation_WithinMs(it: voicelive.evaluation.WithinMs) -> None:
    used(it.model_config)
    typing.assert_type(it.within_ms, int)


def evaluation_YieldsWithinMs(it: voicelive.evaluation.YieldsWithinMs) -> None:
    used(it.model_config)
    typing.assert_type(it.yields_within_ms, int)


async def evaluation_assistant(connection: voicelive.aio.VoiceLiveConnection) -> None:
    await voicelive.evaluation.assistant(connection)


def evaluation_compare(before: collections.abc.Iterable[voicelive.evaluation.CallResult], after: collections.abc.Iterable[voicelive.evaluation.CallResult]) -> None:
    typing.assert_type(voicelive.evaluation.compare(before, after), list[voicelive.evaluation.Change])


def evaluation_html_report(results: collections.abc.Iterable[voicelive.evaluation.CallResult], before: collections.abc.Iterable[voicelive.evaluation.CallResult] | None, title: str) -> None:
    typing.assert_type(voicelive.evaluation.html_report(results, before=before, title=title), str)


def evaluation_load_scenarios(path: str | pathlib.Path, refused: list[voicelive.ConfigurationError] | None) -> None:
    typing.assert_type(voicelive.evaluation.load_scenarios(path, refused=refused), list[voicelive.evaluation.Scenario])


def evaluation_read_results(path: str | pathlib.Path) -> None:
    typing.assert_type(voicelive.evaluation.read_results(path), list[voicelive.evaluation.CallResult])


def evaluation_run_batch(jobs: collections.abc.Iterable[voicelive.evaluation.CallJob], executor: concurrent.futures.Executor | collections.abc.Callable[[], concurrent.futures.Executor], results: str | pathlib.Path, window: int, retries: int, calls_per_second: float | None, call: collections.abc.Callable[[voicelive.evaluation.CallJob], voicelive.evaluation.CallResult], progress: collections.abc.Callable[[voicelive.evaluation.BatchProgress], None] | None) -> None:
    typing.assert_type(voicelive.evaluation.run_batch(jobs, executor=executor, results=results, window=window, retries=retries, calls_per_second=calls_per_second, call=call, progress=progress), list[voicelive.evaluation.CallResult])


def evaluation_run_call(job: voicelive.evaluation.CallJob) -> None:
    typing.assert_type(voicelive.evaluation.run_call(job), voicelive.evaluation.CallResult)


async def evaluation_run_call_async(job: voicelive.evaluation.CallJob) -> None:
    typing.assert_type(await voicelive.evaluation.run_call_async(job), voicelive.evaluation.CallResult)


def evaluation_scenario_schema() -> None:
    typing.assert_type(voicelive.evaluation.scenario_schema(), dict[str, typing.Any])


def evaluation_standard_set() -> None:
    typing.assert_type(voicelive.evaluation.standard_set(), list[voicelive.evaluation.Scenario])


def evaluation_summarize(results: collections.abc.Iterable[voicelive.evaluation.CallResult]) -> None:
    typing.assert_type(voicelive.evaluation.summarize(results), voicelive.evaluation.Summary)


def evaluation_word_error_rate(expected: str, actual: str) -> None:
    typing.assert_type(voicelive.evaluation.word_error_rate(expected, actual), float | None)


def evaluation_write_junit(results: collections.abc.Iterable[voicelive.evaluation.CallResult], path: str | pathlib.Path) -> None:
    voicelive.evaluation.write_junit(results, path)


def evaluation_write_parquet(results: collections.abc.Iterable[voicelive.evaluation.CallResult], path: str | pathlib.Path) -> None:
    voicelive.evaluation.write_parquet(results, path)


used(voicelive.load.OpenLoopUser, voicelive.load.TurnFailedError, voicelive.load.TurnTimes, voicelive.load.VoiceLiveUser, voicelive.load.speech_turn, voicelive.load.text_turn)


def load_OpenLoopUser(it: voicelive.load.OpenLoopUser) -> None:
    typing.assert_type(it.abstract, bool)
    used(it.calls_per_second)
    used(it.connect_options)
    typing.assert_type(it.fixed_count, int)
    used(it.most_at_once)
    used(it.opening_timeout)
    used(it.session)
    used(it.tasks)


def load_OpenLoopUser_call(it: voicelive.load.OpenLoopUser, connection: typing.Any) -> None:
    it.call(connection)


def load_OpenLoopUser_on_start(it: voicelive.load.OpenLoopUser) -> None:
    it.on_start()


def load_OpenLoopUser_on_stop(it: voicelive.load.OpenLoopUser) -> None:
    it.on_stop()


def load_OpenLoopUser_open(it: voicelive.load.OpenLoopUser) -> None:
    used(it.open())


def load_OpenLoopUser_tell(it: voicelive.load.OpenLoopUser, name: str, ms: float, size: int, failure: Exception | None) -> None:
    it.tell(name, ms, size=size, failure=failure)


def load_OpenLoopUser_tell_turn(it: voicelive.load.OpenLoopUser, name: str, turn: collections.abc.Callable[[], voicelive.load.TurnTimes]) -> None:
    typing.assert_type(it.tell_turn(name, turn), voicelive.load.TurnTimes | None)


def load_OpenLoopUser_wait_time(it: voicelive.load.OpenLoopUser) -> None:
    typing.assert_type(it.wait_time(), float)


def load_TurnTimes(it: voicelive.load.TurnTimes) -> None:
    typing.assert_type(it.first_ms, float | None)
    typing.assert_type(it.size, int)
    typing.assert_type(it.whole_ms, float)
    typing.assert_type(it.yielded_ms, float | None)


def load_VoiceLiveUser(it: voicelive.load.VoiceLiveUser) -> None:
    typing.assert_type(it.abstract, bool)
    used(it.connect_options)
    typing.assert_type(it.connection, typing.Any)
    used(it.opening_timeout)
    used(it.session)
    used(it.tasks)


def load_VoiceLiveUser_on_start(it: voicelive.load.VoiceLiveUser) -> None:
    it.on_start()


def load_VoiceLiveUser_on_stop(it: voicelive.load.VoiceLiveUser) -> None:
    it.on_stop()


def load_VoiceLiveUser_open(it: voicelive.load.VoiceLiveUser) -> None:
    used(it.open())


def load_VoiceLiveUser_speech(it: voicelive.load.VoiceLiveUser, pcm: bytes, interruption: bytes, interrupt_after_ms: int, name: str, timeout: float) -> None:
    typing.assert_type(it.speech(pcm, interruption=interruption, interrupt_after_ms=interrupt_after_ms, name=name, timeout=timeout), voicelive.load.TurnTimes | None)


def load_VoiceLiveUser_tell(it: voicelive.load.VoiceLiveUser, name: str, ms: float, size: int, failure: Exception | None) -> None:
    it.tell(name, ms, size=size, failure=failure)


def load_VoiceLiveUser_tell_turn(it: voicelive.load.VoiceLiveUser, name: str, turn: collections.abc.Callable[[], voicelive.load.TurnTimes]) -> None:
    typing.assert_type(it.tell_turn(name, turn), voicelive.load.TurnTimes | None)


def load_VoiceLiveUser_text(it: voicelive.load.VoiceLiveUser, text: str, name: str, timeout: float) -> None:
    typing.assert_type(it.text(text, name=name, timeout=timeout), voicelive.load.TurnTimes | None)


def load_speech_turn(connection: typing.Any, pcm: bytes, interruption: bytes, interrupt_after_ms: int, timeout: float, sleep: collections.abc.Callable[[float], None]) -> None:
    typing.assert_type(voicelive.load.speech_turn(connection, pcm, interruption=interruption, interrupt_after_ms=interrupt_after_ms, timeout=timeout, sleep=sleep), voicelive.load.TurnTimes)


def load_text_turn(connection: typing.Any, text: str, timeout: float) -> None:
    typing.assert_type(voicelive.load.text_turn(connection, text, timeout=timeout), voicelive.load.TurnTimes)


used(voicelive.local.Engines, voicelive.local.FAST, voicelive.local.Fault, voicelive.local.Faults, voicelive.local.InvalidFaultError, voicelive.local.LocalService, voicelive.local.LocalServiceError, voicelive.local.Pacing, voicelive.local.PortInUseError, voicelive.local.QUIRKS, voicelive.local.Quirk, voicelive.local.REAL, voicelive.local.Replay, voicelive.local.SessionRecord, voicelive.local.ThreadedLocalService, voicelive.local.UnprotectedHostError, voicelive.local.Upstream, voicelive.local.start_in_thread)


def local_Engines(it: voicelive.local.Engines) -> None:
    typing.assert_type(it.name, str)
    typing.assert_type(it.responder, voicelive.local.engines.AnyResponder)
    typing.assert_type(it.synthesizer, voicelive.local.engines.Synthesizer)
    typing.assert_type(it.transcriber, voicelive.local.engines.Transcriber)
    typing.assert_type(it.vad, collections.abc.Callable[[], voicelive.local.engines.VoiceActivityDetector])


def local_Engines_basic(it: voicelive.local.Engines) -> None:
    typing.assert_type(voicelive.local.Engines.basic(), voicelive.local.Engines)


def local_Engines_best(it: voicelive.local.Engines) -> None:
    typing.assert_type(voicelive.local.Engines.best(), voicelive.local.Engines)


def local_Engines_close(it: voicelive.local.Engines) -> None:
    it.close()


def local_Engines_prepare(it: voicelive.local.Engines) -> None:
    it.prepare()


def local_Engines_speech(it: voicelive.local.Engines) -> None:
    typing.assert_type(voicelive.local.Engines.speech(), voicelive.local.Engines)


def local_Fault(it: voicelive.local.Fault) -> None:
    typing.assert_type(it.chance, float)
    used(it.name)
    typing.assert_type(it.session, str | None)
    typing.assert_type(it.times, int | None)


def local_Faults(it: voicelive.local.Faults) -> None:
    used(it)


def local_Faults_add(it: voicelive.local.Faults) -> None:
    typing.assert_type(it.add(), tuple[voicelive.local.faults.PlannedFault[voicelive.local.Fault], ...])


def local_Faults_clear(it: voicelive.local.Faults) -> None:
    it.clear()


def local_LocalService(it: voicelive.local.LocalService) -> None:
    typing.assert_type(it.endpoint, str)
    typing.assert_type(it.faults, voicelive.local.Faults)
    typing.assert_type(it.port, int)
    typing.assert_type(it.sessions, collections.abc.Sequence[voicelive.local.SessionRecord])


def local_LocalService_in_thread(it: voicelive.local.LocalService, host: str, port: int) -> None:
    typing.assert_type(voicelive.local.LocalService.in_thread(host, port), voicelive.local.ThreadedLocalService)


async def local_LocalService_start(it: voicelive.local.LocalService) -> None:
    typing.assert_type(await it.start(), voicelive.local.LocalService)


async def local_LocalService_stop(it: voicelive.local.LocalService) -> None:
    await it.stop()


def local_Pacing(it: voicelive.local.Pacing) -> None:
    typing.assert_type(it.audio_speed, float)
    typing.assert_type(it.between_tokens, float)
    typing.assert_type(it.first_audio, float)
    typing.assert_type(it.first_output, float)
    typing.assert_type(it.session_update, float)
    typing.assert_type(it.transcription, float)


def local_Pacing_faster(it: voicelive.local.Pacing, times: float) -> None:
    typing.assert_type(it.faster(times), voicelive.local.Pacing)


async def local_Pacing_pause(it: voicelive.local.Pacing, seconds: float) -> None:
    await it.pause(seconds)


async def local_Pacing_pause_for_audio(it: voicelive.local.Pacing, milliseconds: float) -> None:
    await it.pause_for_audio(milliseconds)


def local_Replay(it: voicelive.local.Replay) -> None:
    typing.assert_type(it.problems, list[str])
    typing.assert_type(it.unused, int)


def local_Replay_begin(it: voicelive.local.Replay) -> None:
    used(it.begin())


def local_Replay_tell(it: voicelive.local.Replay, problem: str) -> None:
    it.tell(problem)


def local_SessionRecord(it: voicelive.local.SessionRecord) -> None:
    typing.assert_type(it.api_version, str)
    typing.assert_type(it.close_code, int | None)
    typing.assert_type(it.close_reason, str)
    typing.assert_type(it.closed, bool)
    typing.assert_type(it.credential, typing.Literal['api-key', 'bearer'] | None)
    typing.assert_type(it.headers, collections.abc.Mapping[str, str])
    typing.assert_type(it.heard, list[str])
    typing.assert_type(it.id, str)
    typing.assert_type(it.items, list[voicelive.models.ResponseItem])
    typing.assert_type(it.model, str)
    typing.assert_type(it.opened_at, float)
    typing.assert_type(it.query, collections.abc.Mapping[str, str])
    typing.assert_type(it.received, list[voicelive.models.AnyClientEvent])
    typing.assert_type(it.sent, list[voicelive.models.AnyServerEvent])
    typing.assert_type(it.settings, collections.abc.Mapping[str, typing.Any])


def local_SessionRecord_received_types(it: voicelive.local.SessionRecord) -> None:
    typing.assert_type(it.received_types(), list[str])


def local_SessionRecord_sent_types(it: voicelive.local.SessionRecord) -> None:
    typing.assert_type(it.sent_types(), list[str])


def local_SessionRecord_timeline(it: voicelive.local.SessionRecord) -> None:
    used(it.timeline())


def local_ThreadedLocalService(it: voicelive.local.ThreadedLocalService) -> None:
    typing.assert_type(it.endpoint, str)
    typing.assert_type(it.faults, voicelive.local.Faults)
    typing.assert_type(it.port, int)
    typing.assert_type(it.sessions, collections.abc.Sequence[voicelive.local.SessionRecord])


def local_ThreadedLocalService_advance(it: voicelive.local.ThreadedLocalService, seconds: float) -> None:
    it.advance(seconds)


def local_ThreadedLocalService_start(it: voicelive.local.ThreadedLocalService) -> None:
    typing.assert_type(it.start(), voicelive.local.ThreadedLocalService)


def local_ThreadedLocalService_stop(it: voicelive.local.ThreadedLocalService) -> None:
    it.stop()


def local_ThreadedLocalService_wait_until(it: voicelive.local.ThreadedLocalService, predicate: collections.abc.Callable[[], bool], timeout: float) -> None:
    typing.assert_type(it.wait_until(predicate, timeout), bool)


def local_Upstream(it: voicelive.local.Upstream) -> None:
    typing.assert_type(it.connection_options, voicelive.ConnectionOptions | collections.abc.Mapping[str, typing.Any] | None)
    typing.assert_type(it.credential, azure.core.credentials.AzureKeyCredential | azure.core.credentials.TokenCredential | azure.core.credentials_async.AsyncTokenCredential | None)
    typing.assert_type(it.credential_scopes, str | collections.abc.Iterable[str] | None)
    typing.assert_type(it.endpoint, str)
    typing.assert_type(it.max_seconds, float | None)
    typing.assert_type(it.max_sessions, int)


def local_start_in_thread(host: str, port: int) -> None:
    typing.assert_type(voicelive.local.start_in_thread(host, port), voicelive.local.ThreadedLocalService)


used(voicelive.local.engines.AnyResponder, voicelive.local.engines.AsyncResponder, voicelive.local.engines.ConversationTurn, voicelive.local.engines.ENTRY_POINT_GROUPS, voicelive.local.engines.EnergyVad, voicelive.local.engines.EngineNotFoundError, voicelive.local.engines.EngineOptionsError, voicelive.local.engines.EngineUnavailableError, voicelive.local.engines.Engines, voicelive.local.engines.FileSearch, voicelive.local.engines.FunctionCall, voicelive.local.engines.FunctionCallTurn, voicelive.local.engines.FunctionOutputTurn, voicelive.local.engines.Incomplete, voicelive.local.engines.LightDetector, voicelive.local.engines.MessageTurn, voicelive.local.engines.Responder, voicelive.local.engines.ResponderError, voicelive.local.engines.ResponderOutput, voicelive.local.engines.ResponderRequest, voicelive.local.engines.Script, voicelive.local.engines.ScriptedResponder, voicelive.local.engines.ScriptedTurn, voicelive.local.engines.SpeechStarted, voicelive.local.engines.SpeechStopped, voicelive.local.engines.Synthesizer, voicelive.local.engines.TextChunk, voicelive.local.engines.ToneSynthesizer, voicelive.local.engines.ToneTranscriber, voicelive.local.engines.Transcriber, voicelive.local.engines.Transcript, voicelive.local.engines.TurnDetector, voicelive.local.engines.TurnEvent, voicelive.local.engines.TurnParams, voicelive.local.engines.TurnState, voicelive.local.engines.VAD_RATE, voicelive.local.engines.VAD_WINDOW_BYTES, voicelive.local.engines.VAD_WINDOW_MS, voicelive.local.engines.VoiceActivityDetector, voicelive.local.engines.WebSearch, voicelive.local.engines.Word, voicelive.local.engines.engine_names, voicelive.local.engines.make_engine, voicelive.local.engines.with_engines)


def local_engines_AnyResponder(it: voicelive.local.engines.AnyResponder) -> None:
    used(it)


def local_engines_AnyResponder_respond(it: voicelive.local.engines.AnyResponder, request: voicelive.local.engines.ResponderRequest) -> None:
    typing.assert_type(it.respond(request), collections.abc.Iterator[voicelive.local.engines.ResponderOutput] | collections.abc.AsyncIterator[voicelive.local.engines.ResponderOutput])


def local_engines_AsyncResponder(it: voicelive.local.engines.AsyncResponder) -> None:
    used(it)


def local_engines_AsyncResponder_respond(it: voicelive.local.engines.AsyncResponder, request: voicelive.local.engines.ResponderRequest) -> None:
    typing.assert_type(it.respond(request), collections.abc.AsyncIterator[voicelive.local.engines.ResponderOutput])


def local_engines_EnergyVad(it: voicelive.local.engines.EnergyVad) -> None:
    used(it)


def local_engines_EnergyVad_feed(it: voicelive.local.engines.EnergyVad, pcm: bytes) -> None:
    typing.assert_type(it.feed(pcm), list[float])


def local_engines_EnergyVad_listen_at(it: voicelive.local.engines.EnergyVad, rate: int) -> None:
    it.listen_at(rate)


def local_engines_EnergyVad_reset(it: voicelive.local.engines.EnergyVad) -> None:
    it.reset()


def local_engines_FileSearch(it: voicelive.local.engines.FileSearch) -> None:
    typing.assert_type(it.queries, collections.abc.Sequence[str])
    typing.assert_type(it.results, collections.abc.Sequence[collections.abc.Mapping[str, typing.Any]])


def local_engines_FunctionCall(it: voicelive.local.engines.FunctionCall) -> None:
    typing.assert_type(it.arguments, str)
    typing.assert_type(it.name, str)


def local_engines_FunctionCallTurn(it: voicelive.local.engines.FunctionCallTurn) -> None:
    typing.assert_type(it.arguments, str)
    typing.assert_type(it.call_id, str)
    typing.assert_type(it.name, str)


def local_engines_FunctionOutputTurn(it: voicelive.local.engines.FunctionOutputTurn) -> None:
    typing.assert_type(it.call_id, str)
    typing.assert_type(it.output, str)


def local_engines_Incomplete(it: voicelive.local.engines.Incomplete) -> None:
    typing.assert_type(it.reason, typing.Literal['max_output_tokens', 'content_filter'])


def local_engines_LightDetector(it: voicelive.local.engines.LightDetector) -> None:
    used(it)


def local_engines_LightDetector_feed(it: voicelive.local.engines.LightDetector, pcm: bytes) -> None:
    typing.assert_type(it.feed(pcm), list[float])


def local_engines_LightDetector_listen_at(it: voicelive.local.engines.LightDetector, rate: int) -> None:
    it.listen_at(rate)


def local_engines_LightDetector_reset(it: voicelive.local.engines.LightDetector) -> None:
    it.reset()


def local_engines_MessageTurn(it: voicelive.local.engines.MessageTurn) -> None:
    typing.assert_type(it.role, typing.Literal['user', 'assistant', 'system'])
    typing.assert_type(it.text, str)


def local_engines_Responder(it: voicelive.local.engines.Responder) -> None:
    used(it)


def local_engines_Responder_respond(it: voicelive.local.engines.Responder, request: voicelive.local.engines.ResponderRequest) -> None:
    typing.assert_type(it.respond(request), collections.abc.Iterator[voicelive.local.engines.ResponderOutput])


def local_engines_ResponderRequest(it: voicelive.local.engines.ResponderRequest) -> None:
    typing.assert_type(it.conversation, collections.abc.Sequence[voicelive.local.engines.ConversationTurn])
    typing.assert_type(it.instructions, str | None)
    typing.assert_type(it.metadata, collections.abc.Mapping[str, typing.Any])
    typing.assert_type(it.tool_choice, str | collections.abc.Mapping[str, typing.Any] | None)
    typing.assert_type(it.tools, collections.abc.Sequence[collections.abc.Mapping[str, typing.Any]])


def local_engines_ScriptedResponder(it: voicelive.local.engines.ScriptedResponder) -> None:
    typing.assert_type(it.requests, list[voicelive.local.engines.ResponderRequest])
    typing.assert_type(it.unexpected, list[voicelive.local.engines.ResponderRequest])
    typing.assert_type(it.unused, list[voicelive.local.engines.Script])


def local_engines_ScriptedResponder_add(it: voicelive.local.engines.ScriptedResponder) -> None:
    it.add()


def local_engines_ScriptedResponder_respond(it: voicelive.local.engines.ScriptedResponder, request: voicelive.local.engines.ResponderRequest) -> None:
    typing.assert_type(it.respond(request), collections.abc.Iterator[voicelive.local.engines.ResponderOutput])


def local_engines_SpeechStarted(it: voicelive.local.engines.SpeechStarted) -> None:
    typing.assert_type(it.audio_start_ms, int)


def local_engines_SpeechStopped(it: voicelive.local.engines.SpeechStopped) -> None:
    typing.assert_type(it.audio_end_ms, int)


def local_engines_Synthesizer(it: voicelive.local.engines.Synthesizer) -> None:
    typing.assert_type(it.sample_rate, int)


def local_engines_Synthesizer_synthesize(it: voicelive.local.engines.Synthesizer, text: str, voice: str | None, rate: float, on_word: collections.abc.Callable[[voicelive.local.engines.Word], None] | None) -> None:
    typing.assert_type(it.synthesize(text, voice, rate, on_word), collections.abc.Iterator[bytes])


def local_engines_TextChunk(it: voicelive.local.engines.TextChunk) -> None:
    typing.assert_type(it.text, str)


def local_engines_ToneSynthesizer(it: voicelive.local.engines.ToneSynthesizer) -> None:
    used(it.sample_rate)


def local_engines_ToneSynthesizer_synthesize(it: voicelive.local.engines.ToneSynthesizer, text: str, voice: str | None, rate: float, on_word: collections.abc.Callable[[voicelive.local.engines.Word], None] | None) -> None:
    typing.assert_type(it.synthesize(text, voice, rate, on_word), collections.abc.Iterator[bytes])


def local_engines_ToneTranscriber(it: voicelive.local.engines.ToneTranscriber) -> None:
    used(it)


def local_engines_ToneTranscriber_transcribe(it: voicelive.local.engines.ToneTranscriber, pcm: bytes, rate: int, language: str | None, phrases: collections.abc.Sequence[str]) -> None:
    typing.assert_type(it.transcribe(pcm, rate, language, phrases), voicelive.local.engines.Transcript)


def local_engines_Transcriber(it: voicelive.local.engines.Transcriber) -> None:
    used(it)


def local_engines_Transcriber_transcribe(it: voicelive.local.engines.Transcriber, pcm: bytes, rate: int, language: str | None, phrases: collections.abc.Sequence[str]) -> None:
    typing.assert_type(it.transcribe(pcm, rate, language, phrases), voicelive.local.engines.Transcript)


def local_engines_Transcript(it: voicelive.local.engines.Transcript) -> None:
    typing.assert_type(it.text, str)
    typing.assert_type(it.words, collections.abc.Sequence[voicelive.local.engines.Word])


def local_engines_TurnDetector(it: voicelive.local.engines.TurnDetector) -> None:
    typing.assert_type(it.elapsed_ms, int)
    typing.assert_type(it.params, voicelive.local.engines.TurnParams)
    typing.assert_type(it.speaking, bool)


def local_engines_TurnDetector_abandon(it: voicelive.local.engines.TurnDetector) -> None:
    it.abandon()


def local_engines_TurnDetector_feed(it: voicelive.local.engines.TurnDetector, pcm: bytes) -> None:
    typing.assert_type(it.feed(pcm), list[voicelive.local.engines.TurnEvent])


def local_engines_TurnParams(it: voicelive.local.engines.TurnParams) -> None:
    typing.assert_type(it.neg_threshold, float | None)
    typing.assert_type(it.patience_ms, int)
    typing.assert_type(it.prefix_padding_ms, int)
    typing.assert_type(it.silence_duration_ms, int)
    typing.assert_type(it.silence_threshold, float)
    typing.assert_type(it.speech_duration_ms, int)
    typing.assert_type(it.threshold, float)


def local_engines_TurnState(it: voicelive.local.engines.TurnState) -> None:
    typing.assert_type(it.elapsed_ms, int)


def local_engines_TurnState_abandon(it: voicelive.local.engines.TurnState) -> None:
    it.abandon()


def local_engines_TurnState_feed(it: voicelive.local.engines.TurnState, probabilities: collections.abc.Iterable[float]) -> None:
    typing.assert_type(it.feed(probabilities), list[voicelive.local.engines.TurnEvent])


def local_engines_VoiceActivityDetector(it: voicelive.local.engines.VoiceActivityDetector) -> None:
    used(it)


def local_engines_VoiceActivityDetector_feed(it: voicelive.local.engines.VoiceActivityDetector, pcm: bytes) -> None:
    typing.assert_type(it.feed(pcm), list[float])


def local_engines_VoiceActivityDetector_reset(it: voicelive.local.engines.VoiceActivityDetector) -> None:
    it.reset()


def local_engines_WebSearch(it: voicelive.local.engines.WebSearch) -> None:
    used(it)


def local_engines_Word(it: voicelive.local.engines.Word) -> None:
    typing.assert_type(it.duration_ms, int)
    typing.assert_type(it.offset_ms, int)
    typing.assert_type(it.text, str)


def local_engines_engine_names(kind: typing.Literal['vad', 'transcriber', 'responder', 'synthesizer']) -> None:
    typing.assert_type(voicelive.local.engines.engine_names(kind), dict[str, str])


def local_engines_make_engine(kind: typing.Literal['vad', 'transcriber', 'responder', 'synthesizer'], name: str, options: collections.abc.Mapping[str, typing.Any] | None) -> None:
    used(voicelive.local.engines.make_engine(kind, name, options))


def local_engines_with_engines(engines: voicelive.local.Engines, vad: str | None, transcriber: str | None, responder: str | None, synthesizer: str | None, responder_options: collections.abc.Mapping[str, typing.Any] | None) -> None:
    typing.assert_type(voicelive.local.engines.with_engines(engines, vad=vad, transcriber=transcriber, responder=responder, synthesizer=synthesizer, responder_options=responder_options), voicelive.local.Engines)


used(voicelive.local.faults.Abort, voicelive.local.faults.Close, voicelive.local.faults.ContentFilter, voicelive.local.faults.Delay, voicelive.local.faults.Drop, voicelive.local.faults.Duplicate, voicelive.local.faults.ErrorEvent, voicelive.local.faults.Expire, voicelive.local.faults.Fault, voicelive.local.faults.Faults, voicelive.local.faults.InvalidFaultError, voicelive.local.faults.KINDS, voicelive.local.faults.Malformed, voicelive.local.faults.MaxTokens, voicelive.local.faults.ModelNotFound, voicelive.local.faults.MomentFault, voicelive.local.faults.Oversize, voicelive.local.faults.PlannedFault, voicelive.local.faults.Refuse, voicelive.local.faults.Reorder, voicelive.local.faults.ResponseFailure, voicelive.local.faults.ResponseFault, voicelive.local.faults.Stall, voicelive.local.faults.StreamFault, voicelive.local.faults.TranscriptionFailure, voicelive.local.faults.UnknownEvent, voicelive.local.faults.parse_fault)


def local_faults_Abort(it: voicelive.local.faults.Abort) -> None:
    typing.assert_type(it.age, float | None)
    typing.assert_type(it.chance, float)
    typing.assert_type(it.event, str | None)
    typing.assert_type(it.events, int | None)
    used(it.first_event)
    typing.assert_type(it.immediate, bool)
    used(it.name)
    typing.assert_type(it.session, str | None)
    typing.assert_type(it.times, int | None)


def local_faults_Close(it: voicelive.local.faults.Close) -> None:
    typing.assert_type(it.age, float | None)
    typing.assert_type(it.chance, float)
    typing.assert_type(it.code, int)
    typing.assert_type(it.event, str | None)
    typing.assert_type(it.events, int | None)
    used(it.first_event)
    typing.assert_type(it.immediate, bool)
    used(it.name)
    typing.assert_type(it.reason, str)
    typing.assert_type(it.session, str | None)
    typing.assert_type(it.times, int | None)


def local_faults_ContentFilter(it: voicelive.local.faults.ContentFilter) -> None:
    typing.assert_type(it.after_tokens, int)
    typing.assert_type(it.chance, float)
    used(it.name)
    typing.assert_type(it.session, str | None)
    typing.assert_type(it.times, int | None)


def local_faults_Delay(it: voicelive.local.faults.Delay) -> None:
    typing.assert_type(it.chance, float)
    typing.assert_type(it.event, str)
    used(it.name)
    typing.assert_type(it.seconds, float)
    typing.assert_type(it.session, str | None)
    typing.assert_type(it.times, int | None)


def local_faults_Drop(it: voicelive.local.faults.Drop) -> None:
    typing.assert_type(it.chance, float)
    typing.assert_type(it.event, str)
    used(it.name)
    typing.assert_type(it.session, str | None)
    typing.assert_type(it.times, int | None)


def local_faults_Duplicate(it: voicelive.local.faults.Duplicate) -> None:
    typing.assert_type(it.chance, float)
    typing.assert_type(it.event, str)
    used(it.name)
    typing.assert_type(it.session, str | None)
    typing.assert_type(it.times, int | None)


def local_faults_ErrorEvent(it: voicelive.local.faults.ErrorEvent) -> None:
    typing.assert_type(it.age, float | None)
    typing.assert_type(it.chance, float)
    typing.assert_type(it.code, str)
    typing.assert_type(it.event, str | None)
    typing.assert_type(it.events, int | None)
    used(it.first_event)
    typing.assert_type(it.immediate, bool)
    typing.assert_type(it.message, str | None)
    used(it.name)
    typing.assert_type(it.param, str | None)
    typing.assert_type(it.session, str | None)
    typing.assert_type(it.times, int | None)
    typing.assert_type(it.type, str | None)


def local_faults_Expire(it: voicelive.local.faults.Expire) -> None:
    typing.assert_type(it.age, float | None)
    typing.assert_type(it.chance, float)
    typing.assert_type(it.event, str | None)
    typing.assert_type(it.events, int | None)
    used(it.first_event)
    typing.assert_type(it.immediate, bool)
    used(it.name)
    typing.assert_type(it.session, str | None)
    typing.assert_type(it.times, int | None)


def local_faults_Malformed(it: voicelive.local.faults.Malformed) -> None:
    typing.assert_type(it.chance, float)
    typing.assert_type(it.event, str)
    typing.assert_type(it.form, typing.Literal['truncated', 'text', 'array', 'no_type', 'wrong_types', 'nulls', 'binary'])
    used(it.name)
    typing.assert_type(it.session, str | None)
    typing.assert_type(it.times, int | None)


def local_faults_MaxTokens(it: voicelive.local.faults.MaxTokens) -> None:
    typing.assert_type(it.after_tokens, int)
    typing.assert_type(it.chance, float)
    used(it.name)
    typing.assert_type(it.session, str | None)
    typing.assert_type(it.times, int | None)


def local_faults_ModelNotFound(it: voicelive.local.faults.ModelNotFound) -> None:
    typing.assert_type(it.chance, float)
    used(it.name)
    typing.assert_type(it.session, str | None)
    typing.assert_type(it.times, int | None)


def local_faults_MomentFault(it: voicelive.local.faults.MomentFault) -> None:
    typing.assert_type(it.age, float | None)
    typing.assert_type(it.chance, float)
    typing.assert_type(it.event, str | None)
    typing.assert_type(it.events, int | None)
    used(it.first_event)
    typing.assert_type(it.immediate, bool)
    used(it.name)
    typing.assert_type(it.session, str | None)
    typing.assert_type(it.times, int | None)


def local_faults_Oversize(it: voicelive.local.faults.Oversize) -> None:
    typing.assert_type(it.chance, float)
    typing.assert_type(it.event, str)
    used(it.name)
    typing.assert_type(it.session, str | None)
    typing.assert_type(it.size, int)
    typing.assert_type(it.times, int | None)


def local_faults_PlannedFault(it: voicelive.local.faults.PlannedFault[typing.Any]) -> None:
    typing.assert_type(it.cleared, bool)
    typing.assert_type(it.committed, int)
    used(it.fault)
    typing.assert_type(it.id, str)
    typing.assert_type(it.waiting, bool)


def local_faults_Refuse(it: voicelive.local.faults.Refuse) -> None:
    typing.assert_type(it.chance, float)
    typing.assert_type(it.message, str | None)
    used(it.name)
    typing.assert_type(it.retry_after, float | None)
    typing.assert_type(it.session, str | None)
    typing.assert_type(it.status, int)
    typing.assert_type(it.times, int | None)


def local_faults_Reorder(it: voicelive.local.faults.Reorder) -> None:
    typing.assert_type(it.chance, float)
    typing.assert_type(it.event, str)
    used(it.name)
    typing.assert_type(it.session, str | None)
    typing.assert_type(it.times, int | None)


def local_faults_ResponseFailure(it: voicelive.local.faults.ResponseFailure) -> None:
    typing.assert_type(it.after_tokens, int)
    typing.assert_type(it.chance, float)
    typing.assert_type(it.code, str)
    typing.assert_type(it.message, str | None)
    used(it.name)
    typing.assert_type(it.session, str | None)
    typing.assert_type(it.times, int | None)


def local_faults_ResponseFault(it: voicelive.local.faults.ResponseFault) -> None:
    typing.assert_type(it.after_tokens, int)
    typing.assert_type(it.chance, float)
    used(it.name)
    typing.assert_type(it.session, str | None)
    typing.assert_type(it.times, int | None)


def local_faults_Stall(it: voicelive.local.faults.Stall) -> None:
    typing.assert_type(it.age, float | None)
    typing.assert_type(it.chance, float)
    typing.assert_type(it.event, str | None)
    typing.assert_type(it.events, int | None)
    used(it.first_event)
    typing.assert_type(it.immediate, bool)
    used(it.name)
    typing.assert_type(it.seconds, float | None)
    typing.assert_type(it.session, str | None)
    typing.assert_type(it.times, int | None)


def local_faults_StreamFault(it: voicelive.local.faults.StreamFault) -> None:
    typing.assert_type(it.chance, float)
    typing.assert_type(it.event, str)
    used(it.name)
    typing.assert_type(it.session, str | None)
    typing.assert_type(it.times, int | None)


def local_faults_TranscriptionFailure(it: voicelive.local.faults.TranscriptionFailure) -> None:
    typing.assert_type(it.chance, float)
    typing.assert_type(it.code, str)
    typing.assert_type(it.message, str)
    used(it.name)
    typing.assert_type(it.session, str | None)
    typing.assert_type(it.times, int | None)


def local_faults_UnknownEvent(it: voicelive.local.faults.UnknownEvent) -> None:
    typing.assert_type(it.chance, float)
    typing.assert_type(it.event, str)
    used(it.name)
    typing.assert_type(it.session, str | None)
    typing.assert_type(it.times, int | None)
    typing.assert_type(it.type, str)


def local_faults_parse_fault(text: str) -> None:
    typing.assert_type(voicelive.local.faults.parse_fault(text), voicelive.local.Fault)


used(voicelive.models.ActionFind, voicelive.models.ActionOpenPage, voicelive.models.ActionSearch, voicelive.models.ActionSearchSource, voicelive.models.AgentConfig, voicelive.models.Animation, voicelive.models.AnimationOutputType, voicelive.models.AnyAudioFormat, voicelive.models.AnyAzureVoice, voicelive.models.AnyClientEvent, voicelive.models.AnyContentPart, voicelive.models.AnyConversationRequestItem, voicelive.models.AnyEouDetection, voicelive.models.AnyGreetingConfig, voicelive.models.AnyInterimResponseConfigBase, voicelive.models.AnyMCPError, voicelive.models.AnyMessageContentPart, voicelive.models.AnyMessageItem, voicelive.models.AnyResponseItem, voicelive.models.AnyResponseStatusDetails, voicelive.models.AnyServerEvent, voicelive.models.AnyTool, voicelive.models.AnyToolChoiceSelection, voicelive.models.AnyTranscriptionUsage, voicelive.models.AnyTurnDetection, voicelive.models.ApprovalAnswered, voicelive.models.AssistantAudioContentPart, voicelive.models.AssistantMessageItem, voicelive.models.AssistantTextContentPart, voicelive.models.AudioConfig, voicelive.models.AudioDeviceChanged, voicelive.models.AudioEchoCancellation, voicelive.models.AudioFormat, voicelive.models.AudioFormatPcm, voicelive.models.AudioFormatPcma, voicelive.models.AudioFormatPcmu, voicelive.models.AudioFormatType, voicelive.models.AudioInputConfig, voicelive.models.AudioInputTranscriptionOptions, voicelive.models.AudioNoiseReduction, voicelive.models.AudioOutputConfig, voicelive.models.AudioTimestampType, voicelive.models.AvatarConfig, voicelive.models.AvatarConfigTypes, voicelive.models.AvatarOutputProtocol, voicelive.models.AzureAvatarVoiceSyncVoice, voicelive.models.AzureCustomVoice, voicelive.models.AzurePersonalVoice, voicelive.models.AzureRealtimeNativeVoice, voicelive.models.AzureRealtimeNativeVoiceName, voicelive.models.AzureSemanticDetection, voicelive.models.AzureSemanticDetectionEn, voicelive.models.AzureSemanticDetectionMultilingual, voicelive.models.AzureSemanticVad, voicelive.models.AzureSemanticVadEn, voicelive.models.AzureSemanticVadMultilingual, voicelive.models.AzureStandardVoice, voicelive.models.AzureVoice, voicelive.models.AzureVoiceType, voicelive.models.Background, voicelive.models.BudgetUsed, voicelive.models.CachedTokenDetails, voicelive.models.ClientEvent, voicelive.models.ClientEventBYOMCredentialUpdate, voicelive.models.ClientEventConversationItemCreate, voicelive.models.ClientEventConversationItemDelete, voicelive.models.ClientEventConversationItemRetrieve, voicelive.models.ClientEventConversationItemTruncate, voicelive.models.ClientEventInputAudioBufferAppend, voicelive.models.ClientEventInputAudioBufferClear, voicelive.models.ClientEventInputAudioBufferCommit, voicelive.models.ClientEventInputAudioClear, voicelive.models.ClientEventInputAudioTurnAppend, voicelive.models.ClientEventInputAudioTurnCancel, voicelive.models.ClientEventInputAudioTurnEnd, voicelive.models.ClientEventInputAudioTurnStart, voicelive.models.ClientEventInputTextDelta, voicelive.models.ClientEventInputTextDone, voicelive.models.ClientEventOutputAudioBufferClear, voicelive.models.ClientEventResponseCancel, voicelive.models.ClientEventResponseCreate, voicelive.models.ClientEventRtcCallSdpCreate, voicelive.models.ClientEventSessionAvatarConnect, voicelive.models.ClientEventSessionUpdate, voicelive.models.ClientEventTranscriptionSessionUpdate, voicelive.models.ClientEventType, voicelive.models.ConnectionGaveUp, voicelive.models.ConnectionReconnecting, voicelive.models.ConnectionRestored, voicelive.models.ContentPart, voicelive.models.ContentPartType, voicelive.models.ConversationDetails, voicelive.models.ConversationInterrupted, voicelive.models.ConversationItemBase, voicelive.models.ConversationRequestItem, voicelive.models.ConversationState, voicelive.models.EchoCancellationReferenceSource, voicelive.models.EouDetection, voicelive.models.EouThresholdLevel, voicelive.models.ErrorResponse, voicelive.models.FieldIssue, voicelive.models.FileSearchResult, voicelive.models.FunctionCallItem, voicelive.models.FunctionCallOutputItem, voicelive.models.FunctionTool, voicelive.models.GreetingConfig, voicelive.models.IceServer, voicelive.models.InputAudioContentPart, voicelive.models.InputAudioFormat, voicelive.models.InputImageContentPart, voicelive.models.InputTextContentPart, voicelive.models.InputTokenDetails, voicelive.models.InterimResponseConfig, voicelive.models.InterimResponseConfigBase, voicelive.models.InterimResponseConfigType, voicelive.models.InterimResponseTrigger, voicelive.models.InterruptionResumed, voicelive.models.ItemParamStatus, voicelive.models.ItemType, voicelive.models.KeyPressed, voicelive.models.LineChanged, voicelive.models.LlmGeneratedGreetingConfig, voicelive.models.LlmInterimResponseConfig, voicelive.models.LogProbProperties, voicelive.models.MCPApprovalResponseRequestItem, voicelive.models.MCPApprovalType, voicelive.models.MCPError, voicelive.models.MCPErrorType, voicelive.models.MCPHTTPError, voicelive.models.MCPProtocolError, voicelive.models.MCPServer, voicelive.models.MCPTool, voicelive.models.MCPToolExecutionError, voicelive.models.MCPToolFilter, voicelive.models.MCPToolRequireApproval, voicelive.models.MalformedServerEvent, voicelive.models.MessageContentPart, voicelive.models.MessageItem, voicelive.models.MessageRole, voicelive.models.Modality, voicelive.models.Model, voicelive.models.NotCarriedOver, voicelive.models.ObserverFailed, voicelive.models.OpenAICustomVoice, voicelive.models.OpenAIVoice, voicelive.models.OpenAIVoiceName, voicelive.models.OpenAIVoiceOrCustom, voicelive.models.OutputAudioFormat, voicelive.models.OutputTextContentPart, voicelive.models.OutputTokenDetails, voicelive.models.PersonalVoiceModels, voicelive.models.PhotoAvatarBaseModes, voicelive.models.ProfanityFilterMode, voicelive.models.Prompt, voicelive.models.PromptFileDetail, voicelive.models.PromptImageDetail, voicelive.models.PromptInputFile, voicelive.models.PromptInputImage, voicelive.models.PromptInputText, voicelive.models.RateLimit, voicelive.models.Reasoning, voicelive.models.ReasoningEffort, voicelive.models.RecordingStopped, voicelive.models.RequestAudioContentPart, voicelive.models.RequestImageContentPart, voicelive.models.RequestImageContentPartDetail, voicelive.models.RequestSession, voicelive.models.RequestTextContentPart, voicelive.models.RequestTranscriptionSession, voicelive.models.Response, voicelive.models.ResponseAudio, voicelive.models.ResponseAudioContentPart, voicelive.models.ResponseAudioOutput, voicelive.models.ResponseCancelledDetails, voicelive.models.ResponseCompletedDetails, voicelive.models.ResponseCreateParams, voicelive.models.ResponseCreateParamsAudio, voicelive.models.ResponseCreateParamsAudioOutput, voicelive.models.ResponseErrorDetails, voicelive.models.ResponseFailedDetails, voicelive.models.ResponseFileSearchCallItem, voicelive.models.ResponseFunctionCallItem, voicelive.models.ResponseFunctionCallOutputItem, voicelive.models.ResponseIncompleteDetails, voicelive.models.ResponseItem, voicelive.models.ResponseItemStatus, voicelive.models.ResponseMCPApprovalRequestItem, voicelive.models.ResponseMCPApprovalResponseItem, voicelive.models.ResponseMCPCallItem, voicelive.models.ResponseMCPListToolItem, voicelive.models.ResponseMessageItem, voicelive.models.ResponseOutputAudioContentPart, voicelive.models.ResponseOutputTextContentPart, voicelive.models.ResponseSession, voicelive.models.ResponseStatus, voicelive.models.ResponseStatusDetails, voicelive.models.ResponseTextContentPart, voicelive.models.ResponseTranscriptionSession, voicelive.models.ResponseWebSearchCallItem, voicelive.models.RetentionRatioTruncation, voicelive.models.RtcCallErrorDetails, voicelive.models.Scene, voicelive.models.SemanticVad, voicelive.models.ServerEvent, voicelive.models.ServerEventBYOMCredentialUpdated, voicelive.models.ServerEventConversationCreated, voicelive.models.ServerEventConversationItemAdded, voicelive.models.ServerEventConversationItemCreated, voicelive.models.ServerEventConversationItemDeleted, voicelive.models.ServerEventConversationItemDone, voicelive.models.ServerEventConversationItemInputAudioTranscriptionCompleted, voicelive.models.ServerEventConversationItemInputAudioTranscriptionDelta, voicelive.models.ServerEventConversationItemInputAudioTranscriptionFailed, voicelive.models.ServerEventConversationItemInputAudioTranscriptionSegment, voicelive.models.ServerEventConversationItemRetrieved, voicelive.models.ServerEventConversationItemTruncated, voicelive.models.ServerEventError, voicelive.models.ServerEventErrorDetails, voicelive.models.ServerEventInputAudioBufferCleared, voicelive.models.ServerEventInputAudioBufferCommitted, voicelive.models.ServerEventInputAudioBufferDtmfEventReceived, voicelive.models.ServerEventInputAudioBufferSpeechStarted, voicelive.models.ServerEventInputAudioBufferSpeechStopped, voicelive.models.ServerEventInputAudioBufferTimeoutTriggered, voicelive.models.ServerEventMcpListToolsCompleted, voicelive.models.ServerEventMcpListToolsFailed, voicelive.models.ServerEventMcpListToolsInProgress, voicelive.models.ServerEventOutputAudioBufferCleared, voicelive.models.ServerEventOutputAudioBufferStarted, voicelive.models.ServerEventOutputAudioBufferStopped, voicelive.models.ServerEventRateLimitsUpdated, voicelive.models.ServerEventRealtimeCallConnected, voicelive.models.ServerEventRealtimeCallDisconnected, voicelive.models.ServerEventRealtimeCallFailed, voicelive.models.ServerEventRealtimeCallIncoming, voicelive.models.ServerEventRealtimeCallTransferFailed, voicelive.models.ServerEventRealtimeCallTransferSucceeded, voicelive.models.ServerEventResponseAnimationBlendshapeDelta, voicelive.models.ServerEventResponseAnimationBlendshapeDone, voicelive.models.ServerEventResponseAnimationVisemeDelta, voicelive.models.ServerEventResponseAnimationVisemeDone, voicelive.models.ServerEventResponseAudioDelta, voicelive.models.ServerEventResponseAudioDone, voicelive.models.ServerEventResponseAudioTimestampDelta, voicelive.models.ServerEventResponseAudioTimestampDone, voicelive.models.ServerEventResponseAudioTranscriptAnnotationAdded, voicelive.models.ServerEventResponseAudioTranscriptDelta, voicelive.models.ServerEventResponseAudioTranscriptDone, voicelive.models.ServerEventResponseContentPartAdded, voicelive.models.ServerEventResponseContentPartDone, voicelive.models.ServerEventResponseCreated, voicelive.models.ServerEventResponseDone, voicelive.models.ServerEventResponseFileSearchCallCompleted, voicelive.models.ServerEventResponseFileSearchCallInProgress, voicelive.models.ServerEventResponseFileSearchCallSearching, voicelive.models.ServerEventResponseFunctionCallArgumentsDelta, voicelive.models.ServerEventResponseFunctionCallArgumentsDone, voicelive.models.ServerEventResponseInvocationDelta, voicelive.models.ServerEventResponseMcpCallArgumentsDelta, voicelive.models.ServerEventResponseMcpCallArgumentsDone, voicelive.models.ServerEventResponseMcpCallCompleted, voicelive.models.ServerEventResponseMcpCallFailed, voicelive.models.ServerEventResponseMcpCallInProgress, voicelive.models.ServerEventResponseOutputAudioDelta, voicelive.models.ServerEventResponseOutputAudioDone, voicelive.models.ServerEventResponseOutputAudioTranscriptDelta, voicelive.models.ServerEventResponseOutputAudioTranscriptDone, voicelive.models.ServerEventResponseOutputItemAdded, voicelive.models.ServerEventResponseOutputItemDone, voicelive.models.ServerEventResponseOutputTextDelta, voicelive.models.ServerEventResponseOutputTextDone, voicelive.models.ServerEventResponseTextDelta, voicelive.models.ServerEventResponseTextDone, voicelive.models.ServerEventResponseVideoDelta, voicelive.models.ServerEventResponseWebSearchCallCompleted, voicelive.models.ServerEventResponseWebSearchCallInProgress, voicelive.models.ServerEventResponseWebSearchCallSearching, voicelive.models.ServerEventRtcCallError, voicelive.models.ServerEventRtcCallSdpCreated, voicelive.models.ServerEventSessionAvatarConnecting, voicelive.models.ServerEventSessionAvatarSwitchToIdle, voicelive.models.ServerEventSessionAvatarSwitchToSpeaking, voicelive.models.ServerEventSessionCreated, voicelive.models.ServerEventSessionSubagentAborted, voicelive.models.ServerEventSessionSubagentCompleted, voicelive.models.ServerEventSessionSubagentStarted, voicelive.models.ServerEventSessionUpdated, voicelive.models.ServerEventTranscriptionSessionUpdated, voicelive.models.ServerEventType, voicelive.models.ServerEventWarning, voicelive.models.ServerEventWarningDetails, voicelive.models.ServerVad, voicelive.models.SessionBase, voicelive.models.SessionIncludeOption, voicelive.models.SessionType, voicelive.models.SipCallState, voicelive.models.SipCallTerminalReason, voicelive.models.SipTransferState, voicelive.models.SmartEndOfTurnDetection, voicelive.models.StaticInterimResponseConfig, voicelive.models.SubagentAbortReason, voicelive.models.SystemMessageItem, voicelive.models.SystemTool, voicelive.models.TemplateGreetingConfig, voicelive.models.TokenUsage, voicelive.models.Tool, voicelive.models.ToolChoice, voicelive.models.ToolChoiceFunctionSelection, voicelive.models.ToolChoiceLiteral, voicelive.models.ToolChoiceMCPSelection, voicelive.models.ToolChoiceSelection, voicelive.models.ToolConfig, voicelive.models.ToolFinished, voicelive.models.ToolResponseScheduling, voicelive.models.ToolStarted, voicelive.models.ToolType, voicelive.models.ToolboxTool, voicelive.models.TracingConfiguration, voicelive.models.TranscriptionInputTokenDetails, voicelive.models.TranscriptionLanguage, voicelive.models.TranscriptionOptions, voicelive.models.TranscriptionPhrase, voicelive.models.TranscriptionSessionAudio, voicelive.models.TranscriptionSessionAudioInput, voicelive.models.TranscriptionUsage, voicelive.models.TranscriptionUsageDuration, voicelive.models.TranscriptionUsageTokens, voicelive.models.TranscriptionUsageType, voicelive.models.TranscriptionWord, voicelive.models.Truncation, voicelive.models.TruncationTokenLimits, voicelive.models.TurnDetection, voicelive.models.TurnDetectionType, voicelive.models.TurnFinished, voicelive.models.UnknownServerEvent, voicelive.models.UserAway, voicelive.models.UserMessageItem, voicelive.models.VideoCrop, voicelive.models.VideoParams, voicelive.models.VideoResolution, voicelive.models.Voice, voicelive.models.VoiceLiveErrorDetails, voicelive.models.VoiceType)


used(voicelive.pytest_plugin.voicelive_cassette, voicelive.pytest_plugin.voicelive_environment, voicelive.pytest_plugin.voicelive_service)


used(voicelive.recording.CallSound, voicelive.recording.HeardStretch, voicelive.recording.RecordedEvent, voicelive.recording.Recorder, voicelive.recording.Recording, voicelive.recording.RecordingError, voicelive.recording.RecordingHeader, voicelive.recording.RecordingWriter, voicelive.recording.SoundFormat, voicelive.recording.SoundReference, voicelive.recording.compare)


def recording_CallSound(it: voicelive.recording.CallSound) -> None:
    typing.assert_type(it.assistant, bytes)
    typing.assert_type(it.seconds, float)
    typing.assert_type(it.user, bytes)


def recording_CallSound_blocks(it: voicelive.recording.CallSound, seconds: float) -> None:
    typing.assert_type(it.blocks(seconds), collections.abc.Iterator[tuple[bytes, bytes]])


def recording_HeardStretch(it: voicelive.recording.HeardStretch) -> None:
    typing.assert_type(it.at, float)
    typing.assert_type(it.content_index, int)
    typing.assert_type(it.from_ms, float)
    typing.assert_type(it.item_id, str | None)
    typing.assert_type(it.seconds, float)
    typing.assert_type(it.side, typing.Literal['user', 'assistant'])
    typing.assert_type(it.to_ms, float)


def recording_RecordedEvent(it: voicelive.recording.RecordedEvent) -> None:
    typing.assert_type(it.direction, typing.Literal['sent', 'received', 'local'])
    typing.assert_type(it.number, int)
    typing.assert_type(it.payload, dict[str, typing.Any])
    typing.assert_type(it.raw, str | None)
    typing.assert_type(it.sounds, list[voicelive.recording.SoundReference])
    typing.assert_type(it.time, float)
    typing.assert_type(it.type, str)


def recording_Recorder(it: voicelive.recording.Recorder) -> None:
    typing.assert_type(it.dropped, int)
    typing.assert_type(it.is_done, bool)
    typing.assert_type(it.recording, voicelive.recording.Recording)


def recording_Recorder_attach(it: voicelive.recording.Recorder, connection: typing.Any) -> None:
    it.attach(connection)


def recording_Recorder_begin(it: voicelive.recording.Recorder) -> None:
    used(it.begin)


def recording_Recorder_close(it: voicelive.recording.Recorder, timeout: float) -> None:
    typing.assert_type(it.close(timeout), bool)


def recording_Recorder_ended(it: voicelive.recording.Recorder, info: voicelive.CloseInfo | None, now: float) -> None:
    it.ended(info, now)


def recording_Recorder_finish(it: voicelive.recording.Recorder, code: int | None, reason: str, now: float, initiator: str | None) -> None:
    it.finish(code, reason, now, initiator)


def recording_Recorder_heard(it: voicelive.recording.Recorder, heard: list[voicelive.conversation.Heard], now: float) -> None:
    it.heard(heard, now)


def recording_Recorder_received(it: voicelive.recording.Recorder, data: bytes, now: float) -> None:
    it.received(data, now)


def recording_Recorder_sent(it: voicelive.recording.Recorder, data: bytes, now: float) -> None:
    it.sent(data, now)


def recording_Recorder_start(it: voicelive.recording.Recorder, header: voicelive.recording.RecordingHeader, now: float, hide: collections.abc.Callable[[str], str], tell: collections.abc.Callable[[voicelive.models.Model], None] | None) -> None:
    it.start(header, now, hide=hide, tell=tell)


def recording_Recorder_told(it: voicelive.recording.Recorder, data: bytes, now: float) -> None:
    it.told(data, now)


def recording_Recording(it: voicelive.recording.Recording) -> None:
    typing.assert_type(it.audio, voicelive.recording.CallSound)
    typing.assert_type(it.ending, collections.abc.Mapping[str, typing.Any] | None)
    typing.assert_type(it.events, collections.abc.Iterator[voicelive.recording.RecordedEvent])
    typing.assert_type(it.lines, collections.abc.Iterator[collections.abc.Mapping[str, typing.Any]])
    typing.assert_type(it.problems, list[str])
    typing.assert_type(it.stretches, collections.abc.Iterator[voicelive.recording.HeardStretch])


def recording_Recording_check(it: voicelive.recording.Recording) -> None:
    typing.assert_type(it.check(), list[str])


def recording_Recording_open(it: voicelive.recording.Recording, path: str | pathlib.Path) -> None:
    typing.assert_type(voicelive.recording.Recording.open(path), voicelive.recording.Recording)


def recording_Recording_pack(it: voicelive.recording.Recording, target: str | pathlib.Path, call_sound: bool) -> None:
    typing.assert_type(it.pack(target, call_sound=call_sound), pathlib.Path)


def recording_Recording_sound(it: voicelive.recording.Recording, reference: voicelive.recording.SoundReference) -> None:
    typing.assert_type(it.sound(reference), bytes)


def recording_Recording_wire(it: voicelive.recording.Recording, event: voicelive.recording.RecordedEvent) -> None:
    typing.assert_type(it.wire(event), dict[str, typing.Any])


def recording_RecordingHeader(it: voicelive.recording.RecordingHeader) -> None:
    typing.assert_type(it.agent, str | None)
    typing.assert_type(it.api_version, str)
    typing.assert_type(it.content, bool)
    typing.assert_type(it.format, int)
    typing.assert_type(it.host, str | None)
    typing.assert_type(it.input, voicelive.recording.SoundFormat)
    typing.assert_type(it.library, str)
    typing.assert_type(it.model, str | None)
    typing.assert_type(it.output, voicelive.recording.SoundFormat)
    typing.assert_type(it.started, str)


def recording_RecordingHeader_read(it: voicelive.recording.RecordingHeader, values: collections.abc.Mapping[str, typing.Any]) -> None:
    typing.assert_type(voicelive.recording.RecordingHeader.read(values), voicelive.recording.RecordingHeader)


def recording_RecordingHeader_write(it: voicelive.recording.RecordingHeader) -> None:
    typing.assert_type(it.write(), bytes)


def recording_RecordingWriter(it: voicelive.recording.RecordingWriter) -> None:
    used(it)


def recording_RecordingWriter_abandon(it: voicelive.recording.RecordingWriter) -> None:
    it.abandon()


def recording_RecordingWriter_close(it: voicelive.recording.RecordingWriter, time: float, code: int | None, reason: str, initiator: str | None) -> None:
    it.close(time, code=code, reason=reason, initiator=initiator)


def recording_RecordingWriter_event(it: voicelive.recording.RecordingWriter, direction: typing.Literal['sent', 'received', 'local'], data: bytes | collections.abc.Mapping[str, typing.Any], time: float) -> None:
    it.event(direction, data, time)


def recording_RecordingWriter_flush(it: voicelive.recording.RecordingWriter, time: float) -> None:
    it.flush(time)


def recording_RecordingWriter_heard(it: voicelive.recording.RecordingWriter, item_id: str, content_index: int, ms: int, time: float) -> None:
    it.heard(item_id, content_index, ms, time)


def recording_RecordingWriter_lost(it: voicelive.recording.RecordingWriter, count: int, time: float) -> None:
    it.lost(count, time)


def recording_SoundFormat(it: voicelive.recording.SoundFormat) -> None:
    typing.assert_type(it.channels, int)
    typing.assert_type(it.format, str)
    typing.assert_type(it.rate, int)
    typing.assert_type(it.width, int)


def recording_SoundFormat_ms(it: voicelive.recording.SoundFormat, size: int) -> None:
    typing.assert_type(it.ms(size), float)


def recording_SoundFormat_read(it: voicelive.recording.SoundFormat, value: object) -> None:
    typing.assert_type(voicelive.recording.SoundFormat.read(value), voicelive.recording.SoundFormat)


def recording_SoundFormat_size(it: voicelive.recording.SoundFormat, ms: float) -> None:
    typing.assert_type(it.size(ms), int)


def recording_SoundReference(it: voicelive.recording.SoundReference) -> None:
    typing.assert_type(it.file, str | None)
    typing.assert_type(it.ms, float)
    typing.assert_type(it.size, int)
    typing.assert_type(it.start, int)


def recording_SoundReference_read(it: voicelive.recording.SoundReference, value: object) -> None:
    typing.assert_type(voicelive.recording.SoundReference.read(value), voicelive.recording.SoundReference | None)


def recording_SoundReference_write(it: voicelive.recording.SoundReference) -> None:
    typing.assert_type(it.write(), dict[str, typing.Any])


def recording_compare(expected: collections.abc.Iterable[collections.abc.Mapping[str, typing.Any]], found: collections.abc.Iterable[collections.abc.Mapping[str, typing.Any]]) -> None:
    typing.assert_type(voicelive.recording.compare(expected, found), list[str])


used(voicelive.telemetry.Conventions, voicelive.telemetry.Telemetry)


def telemetry_Telemetry(it: voicelive.telemetry.Telemetry) -> None:
    used(it)


used(voicelive.telephony.AcsLine, voicelive.telephony.AudioReceived, voicelive.telephony.Call, voicelive.telephony.CallControl, voicelive.telephony.CallEnded, voicelive.telephony.CallHeld, voicelive.telephony.CallLimits, voicelive.telephony.CallOutcome, voicelive.telephony.CallStarted, voicelive.telephony.CallSummary, voicelive.telephony.DigitPressed, voicelive.telephony.Digits, voicelive.telephony.FaultKind, voicelive.telephony.GenesysLine, voicelive.telephony.Line, voicelive.telephony.LineEvent, voicelive.telephony.LineFault, voicelive.telephony.LineMessageError, voicelive.telephony.MarkReturned, voicelive.telephony.PlaybackCompleted, voicelive.telephony.Reply, voicelive.telephony.SyncCall, voicelive.telephony.TwilioLine, voicelive.telephony.answer, voicelive.telephony.answer_sync, voicelive.telephony.bridge, voicelive.telephony.bridge_sync, voicelive.telephony.call_of, voicelive.telephony.end_call_tool, voicelive.telephony.transfer_tool)


def telephony_AcsLine(it: voicelive.telephony.AcsLine) -> None:
    typing.assert_type(it.audio_format, voicelive.conversation.AudioFormat)
    used(it.has_marks)
    used(it.lead_ms)
    used(it.name)
    used(it.piece_ms)
    typing.assert_type(it.session, dict[str, typing.Any])


def telephony_AcsLine_read(it: voicelive.telephony.AcsLine, message: str | bytes) -> None:
    typing.assert_type(it.read(message), collections.abc.Iterator[voicelive.telephony.LineEvent])


def telephony_AcsLine_receive(it: voicelive.telephony.AcsLine, message: str | bytes) -> None:
    typing.assert_type(it.receive(message), list[voicelive.telephony.LineEvent])


def telephony_AcsLine_silence(it: voicelive.telephony.AcsLine, ms: int) -> None:
    typing.assert_type(it.silence(ms), bytes)


def telephony_AcsLine_write_audio(it: voicelive.telephony.AcsLine, audio: bytes) -> None:
    typing.assert_type(it.write_audio(audio), str)


def telephony_AcsLine_write_clear(it: voicelive.telephony.AcsLine) -> None:
    typing.assert_type(it.write_clear(), str)


def telephony_AcsLine_write_end(it: voicelive.telephony.AcsLine, reason: str) -> None:
    typing.assert_type(it.write_end(reason), str | bytes | None)


def telephony_AcsLine_write_mark(it: voicelive.telephony.AcsLine, name: str) -> None:
    typing.assert_type(it.write_mark(name), str | bytes)


def telephony_AudioReceived(it: voicelive.telephony.AudioReceived) -> None:
    typing.assert_type(it.audio, bytes)
    typing.assert_type(it.is_silent, bool)


def telephony_Call(it: voicelive.telephony.Call) -> None:
    typing.assert_type(it.is_ending, bool)
    typing.assert_type(it.was_transferred, bool)


async def telephony_Call_end_at_vendor(it: voicelive.telephony.Call) -> None:
    await it.end_at_vendor()


def telephony_Call_hang_up(it: voicelive.telephony.Call) -> None:
    it.hang_up()


async def telephony_Call_transfer(it: voicelive.telephony.Call, target: str) -> None:
    await it.transfer(target)


async def telephony_Call_until_ending(it: voicelive.telephony.Call) -> None:
    await it.until_ending()


def telephony_CallControl(it: voicelive.telephony.CallControl) -> None:
    used(it)


def telephony_CallControl_hang_up(it: voicelive.telephony.CallControl, call: voicelive.telephony.Call) -> None:
    typing.assert_type(it.hang_up(call), collections.abc.Awaitable[None] | None)


def telephony_CallControl_transfer(it: voicelive.telephony.CallControl, call: voicelive.telephony.Call, target: str) -> None:
    typing.assert_type(it.transfer(call, target), collections.abc.Awaitable[None] | None)


def telephony_CallEnded(it: voicelive.telephony.CallEnded) -> None:
    typing.assert_type(it.reason, str)


def telephony_CallHeld(it: voicelive.telephony.CallHeld) -> None:
    typing.assert_type(it.is_held, bool)


def telephony_CallLimits(it: voicelive.telephony.CallLimits) -> None:
    typing.assert_type(it.faults, int)
    typing.assert_type(it.input_ms, int)
    typing.assert_type(it.output_ms, int)
    typing.assert_type(it.seconds, float)
    typing.assert_type(it.silent_seconds, float)
    typing.assert_type(it.stalled_seconds, float)
    typing.assert_type(it.start_seconds, float)


def telephony_CallStarted(it: voicelive.telephony.CallStarted) -> None:
    typing.assert_type(it.call_id, str)
    typing.assert_type(it.called, str)
    typing.assert_type(it.caller, str)
    typing.assert_type(it.is_probe, bool)
    typing.assert_type(it.parameters, collections.abc.Mapping[str, str])
    typing.assert_type(it.stream_id, str)


def telephony_CallSummary(it: voicelive.telephony.CallSummary) -> None:
    typing.assert_type(it.call_id, str)
    typing.assert_type(it.called, str)
    typing.assert_type(it.caller, str)
    typing.assert_type(it.cleared_ms, int)
    typing.assert_type(it.detail, str)
    typing.assert_type(it.digits, int)
    typing.assert_type(it.faults, collections.abc.Mapping[str, int])
    typing.assert_type(it.filled_ms, int)
    typing.assert_type(it.heard_ms, int)
    typing.assert_type(it.input_dropped_ms, int)
    typing.assert_type(it.interruptions, int)
    typing.assert_type(it.line, str)
    typing.assert_type(it.outcome, voicelive.telephony.CallOutcome)
    typing.assert_type(it.output_dropped_ms, int)
    typing.assert_type(it.received_ms, int)
    typing.assert_type(it.seconds, float)
    typing.assert_type(it.sent_ms, int)


def telephony_DigitPressed(it: voicelive.telephony.DigitPressed) -> None:
    typing.assert_type(it.digit, str)


def telephony_GenesysLine(it: voicelive.telephony.GenesysLine) -> None:
    typing.assert_type(it.audio_format, voicelive.conversation.AudioFormat)
    used(it.has_marks)
    used(it.lead_ms)
    used(it.name)
    used(it.piece_ms)
    typing.assert_type(it.session, dict[str, typing.Any])


def telephony_GenesysLine_read(it: voicelive.telephony.GenesysLine, message: str | bytes) -> None:
    typing.assert_type(it.read(message), collections.abc.Iterator[voicelive.telephony.LineEvent])


def telephony_GenesysLine_receive(it: voicelive.telephony.GenesysLine, message: str | bytes) -> None:
    typing.assert_type(it.receive(message), list[voicelive.telephony.LineEvent])


def telephony_GenesysLine_silence(it: voicelive.telephony.GenesysLine, ms: int) -> None:
    typing.assert_type(it.silence(ms), bytes)


def telephony_GenesysLine_write_audio(it: voicelive.telephony.GenesysLine, audio: bytes) -> None:
    typing.assert_type(it.write_audio(audio), bytes)


def telephony_GenesysLine_write_clear(it: voicelive.telephony.GenesysLine) -> None:
    typing.assert_type(it.write_clear(), str)


def telephony_GenesysLine_write_end(it: voicelive.telephony.GenesysLine, reason: str) -> None:
    typing.assert_type(it.write_end(reason), str)


def telephony_GenesysLine_write_mark(it: voicelive.telephony.GenesysLine, name: str) -> None:
    typing.assert_type(it.write_mark(name), str | bytes)


def telephony_Line(it: voicelive.telephony.Line) -> None:
    typing.assert_type(it.audio_format, voicelive.conversation.AudioFormat)
    used(it.has_marks)
    used(it.lead_ms)
    used(it.name)
    used(it.piece_ms)
    typing.assert_type(it.session, dict[str, typing.Any])


def telephony_Line_read(it: voicelive.telephony.Line, message: str | bytes) -> None:
    typing.assert_type(it.read(message), collections.abc.Iterator[voicelive.telephony.LineEvent])


def telephony_Line_receive(it: voicelive.telephony.Line, message: str | bytes) -> None:
    typing.assert_type(it.receive(message), list[voicelive.telephony.LineEvent])


def telephony_Line_silence(it: voicelive.telephony.Line, ms: int) -> None:
    typing.assert_type(it.silence(ms), bytes)


def telephony_Line_write_audio(it: voicelive.telephony.Line, audio: bytes) -> None:
    typing.assert_type(it.write_audio(audio), str | bytes)


def telephony_Line_write_clear(it: voicelive.telephony.Line) -> None:
    typing.assert_type(it.write_clear(), str | bytes)


def telephony_Line_write_end(it: voicelive.telephony.Line, reason: str) -> None:
    typing.assert_type(it.write_end(reason), str | bytes | None)


def telephony_Line_write_mark(it: voicelive.telephony.Line, name: str) -> None:
    typing.assert_type(it.write_mark(name), str | bytes)


def telephony_LineFault(it: voicelive.telephony.LineFault) -> None:
    typing.assert_type(it.detail, str)
    typing.assert_type(it.is_fatal, bool)
    typing.assert_type(it.kind, voicelive.telephony.FaultKind)


def telephony_MarkReturned(it: voicelive.telephony.MarkReturned) -> None:
    typing.assert_type(it.name, str)


def telephony_PlaybackCompleted(it: voicelive.telephony.PlaybackCompleted) -> None:
    used(it)


def telephony_Reply(it: voicelive.telephony.Reply) -> None:
    typing.assert_type(it.message, str | bytes)


def telephony_SyncCall(it: voicelive.telephony.SyncCall) -> None:
    typing.assert_type(it.is_ending, bool)
    typing.assert_type(it.was_transferred, bool)


def telephony_SyncCall_hang_up(it: voicelive.telephony.SyncCall) -> None:
    it.hang_up()


def telephony_SyncCall_transfer(it: voicelive.telephony.SyncCall, target: str) -> None:
    it.transfer(target)


def telephony_TwilioLine(it: voicelive.telephony.TwilioLine) -> None:
    typing.assert_type(it.audio_format, voicelive.conversation.AudioFormat)
    used(it.has_marks)
    used(it.lead_ms)
    used(it.name)
    used(it.piece_ms)
    typing.assert_type(it.session, dict[str, typing.Any])


def telephony_TwilioLine_read(it: voicelive.telephony.TwilioLine, message: str | bytes) -> None:
    typing.assert_type(it.read(message), collections.abc.Iterator[voicelive.telephony.LineEvent])


def telephony_TwilioLine_receive(it: voicelive.telephony.TwilioLine, message: str | bytes) -> None:
    typing.assert_type(it.receive(message), list[voicelive.telephony.LineEvent])


def telephony_TwilioLine_silence(it: voicelive.telephony.TwilioLine, ms: int) -> None:
    typing.assert_type(it.silence(ms), bytes)


def telephony_TwilioLine_write_audio(it: voicelive.telephony.TwilioLine, audio: bytes) -> None:
    typing.assert_type(it.write_audio(audio), str)


def telephony_TwilioLine_write_clear(it: voicelive.telephony.TwilioLine) -> None:
    typing.assert_type(it.write_clear(), str)


def telephony_TwilioLine_write_end(it: voicelive.telephony.TwilioLine, reason: str) -> None:
    typing.assert_type(it.write_end(reason), str | bytes | None)


def telephony_TwilioLine_write_mark(it: voicelive.telephony.TwilioLine, name: str) -> None:
    typing.assert_type(it.write_mark(name), str)


async def telephony_answer(agent: collections.abc.Callable[[typing.Any], collections.abc.Awaitable[None]], stream: typing.Any, line: voicelive.telephony.Line, limits: voicelive.telephony.CallLimits | None, control: voicelive.telephony.CallControl | None, digits: voicelive.telephony.Digits) -> None:
    typing.assert_type(await voicelive.telephony.answer(agent, stream, line, limits=limits, control=control, digits=digits), voicelive.telephony.CallSummary)


def telephony_answer_sync(agent: collections.abc.Callable[[voicelive.VoiceLiveConnection], None], stream: typing.Any, line: voicelive.telephony.Line, limits: voicelive.telephony.CallLimits | None, control: voicelive.telephony.CallControl | None, digits: voicelive.telephony.Digits) -> None:
    typing.assert_type(voicelive.telephony.answer_sync(agent, stream, line, limits=limits, control=control, digits=digits), voicelive.telephony.CallSummary)


async def telephony_bridge(connection: voicelive.aio.VoiceLiveConnection, stream: typing.Any, line: voicelive.telephony.Line, limits: voicelive.telephony.CallLimits | None, control: voicelive.telephony.CallControl | None, digits: voicelive.telephony.Digits) -> None:
    typing.assert_type(await voicelive.telephony.bridge(connection, stream, line, limits=limits, control=control, digits=digits), voicelive.telephony.CallSummary)


def telephony_bridge_sync(connection: voicelive.VoiceLiveConnection, stream: typing.Any, line: voicelive.telephony.Line, limits: voicelive.telephony.CallLimits | None, control: voicelive.telephony.CallControl | None, digits: voicelive.telephony.Digits) -> None:
    typing.assert_type(voicelive.telephony.bridge_sync(connection, stream, line, limits=limits, control=control, digits=digits), voicelive.telephony.CallSummary)


def telephony_call_of(connection: typing.Any) -> None:
    used(voicelive.telephony.call_of(connection))


def telephony_end_call_tool(name: str, description: str | None) -> None:
    typing.assert_type(voicelive.telephony.end_call_tool(name, description), voicelive.tools.Tool)


def telephony_transfer_tool(targets: collections.abc.Mapping[str, str], name: str, description: str | None) -> None:
    typing.assert_type(voicelive.telephony.transfer_tool(targets, name, description), voicelive.tools.Tool)


used(voicelive.testing.Caller, voicelive.testing.Cassette, voicelive.testing.LineName, voicelive.testing.ObservedSession, voicelive.testing.ScriptedService, voicelive.testing.phone_call)


def testing_Caller(it: voicelive.testing.Caller) -> None:
    typing.assert_type(it.call_id, str)
    typing.assert_type(it.clears, int)
    typing.assert_type(it.format, dict[str, typing.Any])
    typing.assert_type(it.has_ended, bool)
    typing.assert_type(it.heard, bytes)
    typing.assert_type(it.heard_ms, int)
    typing.assert_type(it.output_variables, dict[str, str] | None)
    typing.assert_type(it.summary, voicelive.telephony.CallSummary)
    typing.assert_type(it.waiting_ms, int)


async def testing_Caller_drop(it: voicelive.testing.Caller) -> None:
    await it.drop()


def testing_Caller_go_silent(it: voicelive.testing.Caller) -> None:
    it.go_silent()


async def testing_Caller_hang_up(it: voicelive.testing.Caller) -> None:
    await it.hang_up()


async def testing_Caller_hears(it: voicelive.testing.Caller, ms: int, timeout: float) -> None:
    await it.hears(ms, timeout=timeout)


def testing_Caller_keep(it: voicelive.testing.Caller, summary: voicelive.telephony.CallSummary) -> None:
    it.keep(summary)


async def testing_Caller_press(it: voicelive.testing.Caller, digits: str) -> None:
    await it.press(digits)


async def testing_Caller_quiet(it: voicelive.testing.Caller, ms: int, timeout: float) -> None:
    await it.quiet(ms, timeout=timeout)


async def testing_Caller_say(it: voicelive.testing.Caller, audio: bytes, timeout: float) -> None:
    await it.say(audio, timeout=timeout)


async def testing_Caller_send_raw(it: voicelive.testing.Caller, message: str | bytes) -> None:
    await it.send_raw(message)


async def testing_Caller_until_ended(it: voicelive.testing.Caller, timeout: float) -> None:
    await it.until_ended(timeout=timeout)


def testing_Cassette(it: voicelive.testing.Cassette) -> None:
    typing.assert_type(it.endpoint, str)
    typing.assert_type(it.is_recording, bool)
    typing.assert_type(it.paths, list[pathlib.Path])


def testing_Cassette_keep(it: voicelive.testing.Cassette) -> None:
    it.keep()


def testing_Cassette_problems(it: voicelive.testing.Cassette) -> None:
    typing.assert_type(it.problems(), list[str])


def testing_ObservedSession(it: voicelive.testing.ObservedSession) -> None:
    typing.assert_type(it.answers, list[str])
    typing.assert_type(it.audio, bytes)
    typing.assert_type(it.audio_seconds, float)
    typing.assert_type(it.errors, list[voicelive.models.ServerEventErrorDetails])
    typing.assert_type(it.heard, list[str])
    typing.assert_type(it.responses, list[dict[str, typing.Any]])
    typing.assert_type(it.settings, collections.abc.Mapping[str, typing.Any])
    typing.assert_type(it.texts, list[str])


def testing_ObservedSession_events(it: voicelive.testing.ObservedSession, event_type: str | None) -> None:
    typing.assert_type(it.events(event_type), list[voicelive.models.AnyClientEvent])


def testing_ObservedSession_tool_outputs(it: voicelive.testing.ObservedSession, name: str) -> None:
    typing.assert_type(it.tool_outputs(name), list[typing.Any])


def testing_ScriptedService(it: voicelive.testing.ScriptedService) -> None:
    typing.assert_type(it.endpoint, str)
    typing.assert_type(it.faults, voicelive.local.Faults)
    typing.assert_type(it.requests, list[voicelive.local.engines.ResponderRequest])
    typing.assert_type(it.session, voicelive.testing.ObservedSession)
    typing.assert_type(it.sessions, collections.abc.Sequence[voicelive.testing.ObservedSession])


def testing_ScriptedService_advance(it: voicelive.testing.ScriptedService, seconds: float) -> None:
    it.advance(seconds)


def testing_ScriptedService_answer(it: voicelive.testing.ScriptedService, turn: voicelive.local.engines.Script) -> None:
    it.answer(turn)


def testing_ScriptedService_assert_heard(it: voicelive.testing.ScriptedService, text: str) -> None:
    it.assert_heard(text)


def testing_ScriptedService_assert_no_errors(it: voicelive.testing.ScriptedService) -> None:
    it.assert_no_errors()


def testing_ScriptedService_assert_not_sent(it: voicelive.testing.ScriptedService, event_type: str) -> None:
    it.assert_not_sent(event_type)


def testing_ScriptedService_assert_sent(it: voicelive.testing.ScriptedService, event_type: str, times: int | None) -> None:
    it.assert_sent(event_type, times=times)


def testing_ScriptedService_assert_settings(it: voicelive.testing.ScriptedService) -> None:
    it.assert_settings()


def testing_ScriptedService_assert_tool_output(it: voicelive.testing.ScriptedService, name: str, output: typing.Any) -> None:
    it.assert_tool_output(name, output)


def testing_ScriptedService_break_off(it: voicelive.testing.ScriptedService, say: str, reason: typing.Literal['max_output_tokens', 'content_filter']) -> None:
    it.break_off(say, reason)


def testing_ScriptedService_call_tool(it: voicelive.testing.ScriptedService, name: str, arguments: collections.abc.Mapping[str, typing.Any] | str | None, say: str | None) -> None:
    it.call_tool(name, arguments, say=say)


def testing_ScriptedService_call_tools(it: voicelive.testing.ScriptedService, say: str | None) -> None:
    it.call_tools(say=say)


def testing_ScriptedService_complaints(it: voicelive.testing.ScriptedService) -> None:
    typing.assert_type(it.complaints(), list[str])


def testing_ScriptedService_fail(it: voicelive.testing.ScriptedService, message: str, code: str | None, type: str, say: str | None) -> None:
    it.fail(message, code=code, type=type, say=say)


def testing_ScriptedService_say(it: voicelive.testing.ScriptedService, text: str) -> None:
    it.say(text)


def testing_ScriptedService_silence(it: voicelive.testing.ScriptedService, milliseconds: int) -> None:
    typing.assert_type(it.silence(milliseconds), bytes)


def testing_ScriptedService_speech(it: voicelive.testing.ScriptedService, text: str, silence_ms: int, audio_format: str, rate: int) -> None:
    typing.assert_type(it.speech(text, silence_ms=silence_ms, audio_format=audio_format, rate=rate), bytes)


def testing_ScriptedService_start(it: voicelive.testing.ScriptedService) -> None:
    typing.assert_type(it.start(), voicelive.testing.ScriptedService)


def testing_ScriptedService_stop(it: voicelive.testing.ScriptedService) -> None:
    it.stop()


def testing_ScriptedService_timeline(it: voicelive.testing.ScriptedService) -> None:
    typing.assert_type(it.timeline(), str)


def testing_ScriptedService_understand(it: voicelive.testing.ScriptedService, audio: bytes, audio_format: str, rate: int) -> None:
    typing.assert_type(it.understand(audio, audio_format=audio_format, rate=rate), str)


def testing_ScriptedService_wait_until(it: voicelive.testing.ScriptedService, predicate: collections.abc.Callable[[], bool], timeout: float | None) -> None:
    it.wait_until(predicate, timeout)


async def testing_ScriptedService_wait_until_async(it: voicelive.testing.ScriptedService, predicate: collections.abc.Callable[[], bool], timeout: float | None) -> None:
    await it.wait_until_async(predicate, timeout)


def testing_phone_call(agent: voicelive.agents.Agent | collections.abc.Callable[[typing.Any], None], line: voicelive.testing.LineName, caller: str, called: str, parameters: collections.abc.Mapping[str, str] | None, jitter_ms: float) -> None:
    typing.assert_type(voicelive.testing.phone_call(agent, line, caller=caller, called=called, parameters=parameters, jitter_ms=jitter_ms), contextlib.AbstractAsyncContextManager[voicelive.testing.Caller])


used(voicelive.tools.AnyTools, voicelive.tools.ApprovalRequest, voicelive.tools.Tool, voicelive.tools.ToolContext, voicelive.tools.ToolError, voicelive.tools.Tools, voicelive.tools.tool)


def tools_ApprovalRequest(it: voicelive.tools.ApprovalRequest) -> None:
    typing.assert_type(it.arguments, collections.abc.Mapping[str, typing.Any])
    typing.assert_type(it.connection, typing.Any)
    typing.assert_type(it.name, str)
    typing.assert_type(it.request_id, str)
    typing.assert_type(it.server_label, str)


def tools_Tool(it: voicelive.tools.Tool) -> None:
    typing.assert_type(it.definition, dict[str, typing.Any])
    typing.assert_type(it.description, str)
    typing.assert_type(it.function, collections.abc.Callable[..., typing.Any])
    typing.assert_type(it.is_async, bool)
    typing.assert_type(it.name, str)
    typing.assert_type(it.on_interrupt, typing.Literal['finish', 'cancel'])
    typing.assert_type(it.parameters, collections.abc.Mapping[str, typing.Any])
    typing.assert_type(it.respond, bool)
    typing.assert_type(it.timeout, float | None)


def tools_Tool_bind(it: voicelive.tools.Tool, arguments: collections.abc.Mapping[str, typing.Any], context: voicelive.tools.ToolContext) -> None:
    typing.assert_type(it.bind(arguments, context), collections.abc.Callable[[], typing.Any])


def tools_Tool_from_function(it: voicelive.tools.Tool, function: collections.abc.Callable[..., typing.Any], name: str | None, description: str | None, timeout: float | None, on_interrupt: typing.Literal['finish', 'cancel'], respond: bool) -> None:
    typing.assert_type(voicelive.tools.Tool.from_function(function, name=name, description=description, timeout=timeout, on_interrupt=on_interrupt, respond=respond), voicelive.tools.Tool)


def tools_Tool_from_schema(it: voicelive.tools.Tool, name: str, description: str, parameters: collections.abc.Mapping[str, typing.Any], handler: collections.abc.Callable[[dict[str, typing.Any]], typing.Any]) -> None:
    typing.assert_type(voicelive.tools.Tool.from_schema(name, description, parameters, handler), voicelive.tools.Tool)


def tools_ToolContext(it: voicelive.tools.ToolContext) -> None:
    typing.assert_type(it.call_id, str)
    typing.assert_type(it.connection, typing.Any)
    typing.assert_type(it.name, str)
    typing.assert_type(it.state, dict[str, typing.Any])


def tools_Tools(it: voicelive.tools.Tools) -> None:
    typing.assert_type(it.definitions, list[dict[str, typing.Any]])


def tools_Tools_add(it: voicelive.tools.Tools, one: voicelive.tools.Tool | collections.abc.Callable[..., typing.Any]) -> None:
    typing.assert_type(it.add(one), voicelive.tools.Tool)


def tools_Tools_get(it: voicelive.tools.Tools, name: str) -> None:
    typing.assert_type(it.get(name), voicelive.tools.Tool | None)


def tools_tool() -> None:
    used(voicelive.tools.tool)


used(voicelive.types.AnimationParam, voicelive.types.AssistantAudioContentPartParam, voicelive.types.AssistantMessageItemParam, voicelive.types.AssistantTextContentPartParam, voicelive.types.AudioConfigParam, voicelive.types.AudioEchoCancellationParam, voicelive.types.AudioFormatParam, voicelive.types.AudioFormatPcmParam, voicelive.types.AudioFormatPcmaParam, voicelive.types.AudioFormatPcmuParam, voicelive.types.AudioInputConfigParam, voicelive.types.AudioInputTranscriptionOptionsParam, voicelive.types.AudioNoiseReductionParam, voicelive.types.AudioOutputConfigParam, voicelive.types.AvatarConfigParam, voicelive.types.AzureAvatarVoiceSyncVoiceParam, voicelive.types.AzureCustomVoiceParam, voicelive.types.AzurePersonalVoiceParam, voicelive.types.AzureRealtimeNativeVoiceParam, voicelive.types.AzureSemanticDetectionEnParam, voicelive.types.AzureSemanticDetectionMultilingualParam, voicelive.types.AzureSemanticDetectionParam, voicelive.types.AzureSemanticVadEnParam, voicelive.types.AzureSemanticVadMultilingualParam, voicelive.types.AzureSemanticVadParam, voicelive.types.AzureStandardVoiceParam, voicelive.types.AzureVoiceParam, voicelive.types.BackgroundParam, voicelive.types.ConversationRequestItemParam, voicelive.types.EouDetectionParam, voicelive.types.FunctionCallItemParam, voicelive.types.FunctionCallOutputItemParam, voicelive.types.FunctionToolParam, voicelive.types.GreetingConfigParam, voicelive.types.IceServerParam, voicelive.types.InputAudioContentPartParam, voicelive.types.InputImageContentPartParam, voicelive.types.InputTextContentPartParam, voicelive.types.LlmGeneratedGreetingConfigParam, voicelive.types.LlmInterimResponseConfigParam, voicelive.types.MCPApprovalResponseRequestItemParam, voicelive.types.MCPServerParam, voicelive.types.MCPToolFilterParam, voicelive.types.MCPToolRequireApprovalParam, voicelive.types.MessageContentPartParam, voicelive.types.MessageItemParam, voicelive.types.OpenAICustomVoiceParam, voicelive.types.OpenAIVoiceParam, voicelive.types.OutputTextContentPartParam, voicelive.types.PromptInputFileParam, voicelive.types.PromptInputImageParam, voicelive.types.PromptInputTextParam, voicelive.types.PromptParam, voicelive.types.ReasoningParam, voicelive.types.RequestSessionParam, voicelive.types.RequestTranscriptionSessionParam, voicelive.types.ResponseCreateParamsAudioOutputParam, voicelive.types.ResponseCreateParamsAudioParam, voicelive.types.ResponseCreateParamsParam, voicelive.types.RetentionRatioTruncationParam, voicelive.types.SceneParam, voicelive.types.SemanticVadParam, voicelive.types.ServerVadParam, voicelive.types.SmartEndOfTurnDetectionParam, voicelive.types.StaticInterimResponseConfigParam, voicelive.types.SystemMessageItemParam, voicelive.types.SystemToolParam, voicelive.types.TemplateGreetingConfigParam, voicelive.types.ToolChoiceFunctionSelectionParam, voicelive.types.ToolChoiceMCPSelectionParam, voicelive.types.ToolChoiceSelectionParam, voicelive.types.ToolConfigParam, voicelive.types.ToolParam, voicelive.types.ToolboxToolParam, voicelive.types.TracingConfigurationParam, voicelive.types.TranscriptionOptionsParam, voicelive.types.TranscriptionSessionAudioInputParam, voicelive.types.TranscriptionSessionAudioParam, voicelive.types.TruncationTokenLimitsParam, voicelive.types.TurnDetectionParam, voicelive.types.Unchecked, voicelive.types.UserMessageItemParam, voicelive.types.VideoCropParam, voicelive.types.VideoParamsParam, voicelive.types.VideoResolutionParam)
