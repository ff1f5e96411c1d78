// A program that uses @azure/ai-voicelive as its documentation shows, led by lines of JSON: a command a line comes in
// ({"do": "say", "text": "…"}), what the client's user is told goes out, an event a line. Bytes are {"base64": "…"}.

import { createInterface } from "node:readline";

import { VoiceLiveClient } from "@azure/ai-voicelive";
import { AzureKeyCredential } from "@azure/core-auth";

let session;

function tell(line) {
  const text = JSON.stringify(line, function (key, value) {
    // Looked at before a Buffer has turned itself into an array of numbers.
    const raw = this[key];
    return raw instanceof Uint8Array ? { base64: Buffer.from(raw).toString("base64") } : value;
  });
  process.stdout.write(`${text}\n`);
}

// Every handler that the client calls is told of: the general one for the order, the one of the event's own for its
// type. The client calls the second in a microtask after the first, so both are known a turn of the event loop later.
const specific = new Map();

const handlers = new Proxy(
  {},
  {
    get: (_, name) => async (argument) => {
      if (name === "onServerEvent") {
        setImmediate(() => {
          tell({ event: argument, handler: specific.get(argument) ?? null });
          specific.delete(argument);
        });
      } else if (["onConnected", "onDisconnected", "onError"].includes(name)) {
        const { error, code, reason } = argument;
        tell({ connection: name, code, reason, message: error?.message });
      } else {
        specific.set(argument, name);
      }
    },
  },
);

const commands = {
  async open({ endpoint, key, model, apiVersion }) {
    const client = new VoiceLiveClient(endpoint, new AzureKeyCredential(key), { apiVersion });
    session = await client.startSession(model, { sessionHandlers: handlers });
  },

  async configure({ session: settings }) {
    await session.updateSession(settings);
  },

  async say({ text }) {
    const content = [{ type: "input_text", text }];
    await session.addConversationItem({ type: "message", role: "user", content });
  },

  async speak({ audio, pieceBytes }) {
    const sound = Buffer.from(audio, "base64");
    for (let start = 0; start < sound.length; start += pieceBytes) {
      await session.sendAudio(new Uint8Array(sound.subarray(start, start + pieceBytes)));
    }
  },

  async giveOutput({ callId, output }) {
    await session.addConversationItem({ type: "function_call_output", callId, output });
  },

  async approve({ requestId }) {
    await session.addConversationItem({
      type: "mcp_approval_response",
      approvalRequestId: requestId,
      approve: true,
    });
  },

  async send({ event }) {
    await session.sendEvent(event);
  },

  async close() {
    await session.dispose();
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { do: name, ...argument } = JSON.parse(line);
  try {
    await commands[name](argument);
    tell({ done: name });
  } catch (error) {
    tell({ failed: name, kind: error.name, message: error.message });
  }
}
process.exit(0);
