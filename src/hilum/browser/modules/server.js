// In place of a server: the same questions as the page asks `hilum serve`, answered inside the page.

import { answerFor } from "./answering.js";
import { carried, facts } from "./carried.js";
import { readFilm } from "./film.js";
import { requireKnownAnswer } from "./known_film.js";
import { openModel } from "./model.js";
import { picturesOf } from "./pictures.js";
import { toSquare } from "./square.js";
import { Problem } from "../../web/static/problem.js";

const breath = () => new Promise((done) => setTimeout(done)); // lets the page draw before the graph takes the thread

const known = facts();
let opening = null; // the model, once for all that ask

function model() {
  opening ??= opened();
  opening.catch(() => { opening = null; }); // so that it can be tried again
  return opening;
}

async function opened() {
  const [wasm, graph] = [await carried("runtime.wasm"), await carried("model.onnx")];
  const one = await openModel(wasm, graph, known);
  await requireKnownAnswer(one);
  return one;
}

export class Server {
  /** There is no token: nobody else is asked. */
  useToken() {}

  /** What this page can do; the model is opened and tried on a known film. */
  async about() {
    await breath();
    try {
      await model();
    } catch (error) {
      const happened = error.happened ?? `The model cannot be opened in this browser: ${error.message}.`;
      throw new Problem(0, happened, { expected: error.expected, what: error.toDo });
    }
    return known.about;
  }

  /** What the model says of one film, with pictures. */
  async predict(file) {
    await breath();
    const { prediction, film, map } = await answerFor(await model(), point(), await bytesOf(file), file.name);
    const pictures = film ? picturesOf(film, map, known) : null;
    return { ...known.answer, predictions: [{ notes: [], reasons: [], ...prediction, pictures, similar: null }] };
  }
}

/** A file as the graph sees it: {film, square}. */
export async function look(file) {
  const film = await readFilm(await bytesOf(file), file.name);
  return { film, square: toSquare(film.pixels, film.width, film.height, known.side, known.geometry) };
}

function point() {
  return known.operating_points.find(({ name }) => name === known.answer.operating_point);
}

async function bytesOf(file) {
  try {
    return new Uint8Array(await file.arrayBuffer());
  } catch {
    throw Problem.lostFile(file.name);
  }
}
