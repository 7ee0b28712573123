/**
 * The origin of the local stack: RTMP in and out by node-media-server, used as a library, with the hooks of SRS.
 *
 * What node-media-server would do by itself, and what is done here instead:
 * - it lets a publisher in and tells afterwards: here its socket is paused until `on_publish` was answered, so that a
 *   recorder which subscribes meanwhile misses nothing, and a refusal closes the connection before any media;
 * - it reports the end of a publish after 30 seconds of grace and carries timestamps over: here there is no grace;
 * - it never closes the players of a stream that ended: here they get what is buffered and then the end;
 * - it passes on what a second publisher sends until that one has closed: here nothing of it;
 * - it knows no mixers: here one that publishes over an input's name (output_stream_type=0) takes the stream over, and
 *   when it has gone the input, if it is still there, has its name back;
 * - it drops the query's spelling: here hooks carry it as it came;
 * - it has no way to end one connection: here SRS's has, `DELETE /api/v1/clients/{id}` (and GET), with SRS's answers.
 *
 * Usage: node origin.js   with ORIGIN_PORT, ORIGIN_HOOKS (base URL of the hooks) and ORIGIN_SECRET in the environment,
 * and for the HTTP API, where it is wanted, ORIGIN_API_PORT and ORIGIN_API_CREDENTIALS (`user:password`).
 */

import { timingSafeEqual } from "node:crypto";
import http from "node:http";
import net from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

import Context from "node-media-server/src/core/context.js";
import logger from "node-media-server/src/core/logger.js";
import BroadcastServer from "node-media-server/src/server/broadcast_server.js";
import RtmpSession from "node-media-server/src/session/rtmp_session.js";

const HOOK_TIMEOUT_MS = 20_000; // the publish hook may hold for some eight seconds
const PORT = Number(process.env.ORIGIN_PORT);
const HOOKS = process.env.ORIGIN_HOOKS;
const SECRET = process.env.ORIGIN_SECRET;
const API_PORT = process.env.ORIGIN_API_PORT; // without it there is no API
const API_CREDENTIALS = `Basic ${Buffer.from(process.env.ORIGIN_API_CREDENTIALS ?? "").toString("base64")}`;
const CLIENT_NOT_FOUND = 2049; // SRS's ERROR_RTMP_CLIENT_NOT_FOUND
const SERVER_ID = `tapedeck-${process.pid}`;

const agent = new http.Agent({ keepAlive: true });
const telling = new Set(); // hooks that have no answer yet
logger.level = "error";

/** One JSON line, as the functions and the recorders write theirs. */
function log(event, facts) {
  process.stdout.write(`${JSON.stringify({ time: Date.now() / 1000, event, ...facts })}\n`);
}

/** The body of one of SRS's hooks. */
function hookBody(action, session) {
  return {
    server_id: SERVER_ID,
    action,
    client_id: session.id,
    ip: net.isIP(session.socket.remoteAddress ?? "") ? session.socket.remoteAddress : session.ip.replace(/:\d+$/, ""),
    vhost: "__defaultVhost__",
    app: session.streamApp,
    tcUrl: session.rtmp.connectCmdObj?.tcUrl ?? "",
    stream: session.streamName,
    param: session.param,
    stream_url: session.streamPath,
    stream_id: `${SERVER_ID}${session.streamPath}`,
  };
}

/** Post one hook; true where the answer allows it to go on: HTTP 200 with code 0. */
function tell(action, session) {
  const body = JSON.stringify(hookBody(action, session));
  const facts = { action, stream: session.streamPath };
  const answered = new Promise((resolve) => {
    const request = http.request(
      `${HOOKS}/${action}?secret=${encodeURIComponent(SECRET)}`,
      {
        agent,
        method: "POST",
        timeout: HOOK_TIMEOUT_MS,
        headers: { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(body) },
      },
      (answer) => {
        const parts = [];
        answer.on("data", (part) => parts.push(part));
        answer.on("end", () => {
          const allowed = answer.statusCode === 200 && isCodeZero(Buffer.concat(parts));
          if (!allowed) log("hook_refused", { ...facts, status: answer.statusCode });
          resolve(allowed);
        });
      },
    );
    request.on("timeout", () => request.destroy(new Error("no answer in time")));
    request.on("error", (error) => {
      log("hook_failed", { ...facts, error: error.message });
      resolve(false);
    });
    request.end(body);
  });
  telling.add(answered);
  return answered.finally(() => telling.delete(answered));
}

function isCodeZero(answer) {
  try {
    return JSON.parse(answer.toString()).code === 0;
  } catch {
    return false;
  }
}

/** A publisher was accepted by node-media-server: hold it until the hook has answered. */
async function onPublish(session) {
  session.broadcast.publishGraceMs = 0;
  session.socket.pause();
  log("publisher_arrived", { stream: session.streamPath.slice(1), client_ip: session.socket.remoteAddress });
  session.allowed = tell("on_publish", session);
  if (await session.allowed) {
    closeRecorders(session.broadcast.displaced);
    session.socket.resume();
  } else {
    session.socket.destroy();
  }
}

/** A publisher has gone: its players get what is buffered, then the end. Told after its beginning, never before. */
async function onUnpublish(session) {
  for (const player of session.broadcast.subscribers.values()) player.close();
  giveBack(session.broadcast);
  if (await session.allowed) tell("on_unpublish", session);
}

/** A player was let in; told once it is attached, so that it gets all that comes after the answer. */
function onPlay(session) {
  setImmediate(async () => {
    if (!(await tell("on_play", session))) session.close();
  });
}

/** Keep the query of publish and play as it was spelled; node-media-server keeps only its parsed form. */
function keepQuery(session) {
  session.param = "";
  for (const command of ["onPublish", "onPlay"]) {
    const original = session.rtmp[command].bind(session.rtmp);
    session.rtmp[command] = (message) => {
      const at = message.streamName.indexOf("?");
      session.param = at < 0 ? "" : message.streamName.slice(at);
      original(message);
      if (!session.streamPath) {
        const stream = `${session.rtmp.streamApp}/${session.rtmp.streamName}`;
        log("name_refused", { stream, reason: "this origin takes letters, digits, _ and - in names" });
      }
    };
  }
}

/** Where a mixer publishes over the name of a live stream, players that come from now on are the mixed picture's. */
function takeOver(session) {
  const input = session.broadcast;
  if (input.publisher === null || new URLSearchParams(session.param).get("output_stream_type") !== "0") return;
  session.broadcast = new BroadcastServer(session.streamPath);
  session.broadcast.displaced = input;
  Context.broadcasts.set(session.streamPath, session.broadcast);
}

/** What was recorded of an input ends where the mixed picture begins; the mixer may go on pulling it. */
function closeRecorders(input) {
  const players = [...(input?.subscribers.values() ?? [])];
  for (const player of players) if (new URLSearchParams(player.param).has("tapedeck_session")) player.close();
}

/** A mixer has gone: its input has its name back. */
function giveBack(broadcast) {
  const isInCharge = Context.broadcasts.get(broadcast.streamPath) === broadcast;
  if (isInCharge && broadcast.displaced?.publisher) Context.broadcasts.set(broadcast.streamPath, broadcast.displaced);
}

function accept(socket) {
  socket.setNoDelay(true);
  const session = new RtmpSession(socket);
  keepQuery(session);
  Context.sessions.set(session.id, session);
  session.run();
  session.rtmp.onPushCallback = () => {
    if (session.streamPath) takeOver(session);
    session.onPush();
  };
}

/** A second publisher of a live stream: not a packet of it may reach the first one's players. */
function turnAway(session) {
  session.rtmp.onPacketCallback = () => {};
  session.socket.destroy();
}

Context.eventEmitter.on("postPublish", (session) => {
  if (!session.streamPath) return;
  if (session.broadcast.publisher === null) onPublish(session);
  else turnAway(session);
});
Context.eventEmitter.on("donePublish", onUnpublish);
Context.eventEmitter.on("postPlay", (session) => {
  if (session.streamPath) onPlay(session);
});

/** SRS's HTTP API, as far as one connection goes: HTTP 200 and a code, HTTP 401 without the credentials. */
function answerApi(request, response) {
  const given = Buffer.from(request.headers.authorization ?? "");
  const wanted = Buffer.from(API_CREDENTIALS);
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) {
    response.writeHead(401, { "WWW-Authenticate": "Basic" }).end();
    return;
  }
  const id = request.url.match(/^\/api\/v1\/clients\/([^/?]+)$/)?.[1];
  if (!["GET", "DELETE"].includes(request.method) || !id) {
    response.writeHead(404).end();
    return;
  }
  const session = Context.sessions.get(id);
  if (session && request.method === "DELETE") session.socket.destroy();
  response.writeHead(200, { "Content-Type": "application/json" });
  response.end(JSON.stringify({ code: session ? 0 : CLIENT_NOT_FOUND, server: SERVER_ID }));
}

/** Listen on loopback; resolves with the port. What cannot listen ends the origin. */
function listen(server, port) {
  server.on("error", (error) => {
    log("origin_failed", { error: error.message });
    process.exit(1);
  });
  return new Promise((resolve) => server.listen(port, "127.0.0.1", () => resolve(server.address().port)));
}

const server = net.createServer(accept);
const api = http.createServer(answerApi);
const apiPort = API_PORT && (await listen(api, Number(API_PORT)));
log("origin_listening", { port: await listen(server, PORT), api_port: apiPort });

/** End every connection, wait until that was told, and end. */
async function stop() {
  server.close();
  api.close();
  for (const session of Context.sessions.values()) session.socket.destroy();
  await sleep(20); // node-media-server reports the ends a moment later
  await Promise.race([Promise.all(telling), sleep(2000)]);
  process.exit(0);
}
process.on("SIGTERM", stop);
process.stdin.on("end", stop).resume(); // the stack that started us is gone
