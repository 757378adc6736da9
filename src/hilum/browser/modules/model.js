// The graph in ONNX Runtime Web: the plain SIMD build on one thread, which needs no other file and no worker.

import { HilumError } from "./errors.js";
import { sha256Of } from "./hashing.js";
import { ort } from "./ort.js";

/**
 * A model that answers: {facts, run}; `run` takes the bytes of one square.
 *
 * @param {Uint8Array} wasm the program of ONNX Runtime Web @param {Uint8Array} graph model.onnx
 * @param facts what the page knows of the model, see facts.py
 */
export async function openModel(wasm, graph, facts) {
  const found = await sha256Of(graph);
  if (found && found !== facts.graph_sha256) {
    const toDo = "Copy or export this page again.";
    throw new HilumError("The model inside this page is damaged.", `the graph ${facts.graph_sha256}`, toDo);
  }
  Object.assign(ort.env.wasm, { numThreads: 1, proxy: false, wasmBinary: wasm });
  ort.env.logLevel = "error";
  const session = await ort.InferenceSession.create(graph, { executionProviders: ["wasm"] });
  return { facts, run: (square) => run(session, facts.side, square) };
}

async function run(session, side, square) {
  const film = new ort.Tensor("uint8", square, [1, 1, side, side]);
  const outputs = await session.run({ film }, wanted(session.outputNames));
  const map = outputs.activation_map;
  return {
    logit: outputs.logit.data[0],
    distance: outputs.feature_distance?.data[0] ?? null,
    map: map ? { values: map.data, rows: map.dims[1], columns: map.dims[2] } : null,
  };
}

function wanted(names) {
  return ["logit", "feature_distance", "activation_map"].filter((name) => names.includes(name));
}
