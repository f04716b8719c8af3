/** A mesh and its points on a canvas, by WebGL 2. */

const VERTEX = `#version 300 es
layout(location = 0) in vec3 place;
layout(location = 1) in vec3 normal;
layout(location = 2) in vec3 own;
uniform mat4 view;
uniform mat4 projection;
uniform float size;
out vec3 facing;
out vec3 colour;
void main() {
  vec4 at = view * vec4(place, 1.0);
  facing = mat3(view) * normal;
  colour = own;
  gl_Position = projection * at;
  gl_PointSize = max(1.0, size / max(0.05, -at.z));
}`;
// The surface is lit from the viewer's upper left, both of its sides alike.
const FRAGMENT = `#version 300 es
precision highp float;
uniform bool lit;
in vec3 facing;
in vec3 colour;
out vec4 pixel;
void main() {
  float light = 1.0;
  if (lit) {
    vec3 towards = normalize(vec3(-0.45, 0.5, 1.0));
    light = 0.3 + 0.75 * abs(dot(normalize(facing), towards));
  }
  pixel = vec4(colour * light, 1.0);
}`;

/** What is drawn: points, their colours, and triangles of three of them. */
export interface Mesh {
  /** x to the right, y up, z to the viewer; three numbers a point. */
  readonly places: Float32Array;
  /** Of the surface at each point; their length does not matter. */
  readonly normals: Float32Array;
  /** Red, green and blue of each point. */
  readonly colours: Uint8Array;
  readonly triangles: Uint32Array;
  /** Numbers of the points to draw without a surface. */
  readonly points: Uint32Array;
}

/** Draws one mesh, from any side. */
export class Renderer {
  private readonly gl: WebGL2RenderingContext;
  private readonly program: WebGLProgram;
  private readonly buffers: WebGLBuffer[];
  private counts = { triangles: 0, points: 0 };

  /** @throws Error if the browser has no WebGL 2. */
  constructor(private readonly canvas: HTMLCanvasElement) {
    const gl = canvas.getContext("webgl2", { antialias: true });
    if (gl === null) throw new Error("this browser has no WebGL 2, which the 3-D view needs");
    this.gl = gl;
    this.program = linked(gl);
    gl.useProgram(this.program);
    this.buffers = Array.from({ length: 5 }, () => gl.createBuffer());
    gl.enable(gl.DEPTH_TEST);
    gl.clearColor(0.137, 0.149, 0.169, 1);
  }

  /** Takes what is drawn from now on. */
  setMesh(mesh: Mesh): void {
    const { gl } = this;
    [mesh.places, mesh.normals, mesh.colours].forEach((numbers, index) => {
      gl.bindBuffer(gl.ARRAY_BUFFER, this.buffers[index]);
      gl.bufferData(gl.ARRAY_BUFFER, numbers, gl.STATIC_DRAW);
      gl.enableVertexAttribArray(index);
      const bytes = numbers === mesh.colours;
      gl.vertexAttribPointer(index, 3, bytes ? gl.UNSIGNED_BYTE : gl.FLOAT, bytes, 0, 0);
    });
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, this.buffers[3]);
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, mesh.triangles, gl.STATIC_DRAW);
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, this.buffers[4]);
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, mesh.points, gl.STATIC_DRAW);
    this.counts = { triangles: mesh.triangles.length, points: mesh.points.length };
  }

  /**
   * Draws the mesh.
   *
   * @param view from the mesh's coordinates to the viewer's, 4×4 by columns
   * @param spread how far a map's pixels lie apart at distance 1, in units of the mesh
   */
  draw(view: Float32Array, projection: Float32Array, surface: boolean, spread: number): void {
    const { gl, canvas } = this;
    const density = Math.min(window.devicePixelRatio || 1, 2);
    const width = Math.round(canvas.clientWidth * density);
    const height = Math.round(canvas.clientHeight * density);
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
    }
    gl.viewport(0, 0, width, height);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    const at = (name: string) => gl.getUniformLocation(this.program, name);
    gl.uniformMatrix4fv(at("view"), false, view);
    gl.uniformMatrix4fv(at("projection"), false, projection);
    gl.uniform1i(at("lit"), surface ? 1 : 0);
    gl.uniform1f(at("size"), 0.55 * spread * projection[5] * height);
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, this.buffers[surface ? 3 : 4]);
    const { triangles, points } = this.counts;
    if (surface) gl.drawElements(gl.TRIANGLES, triangles, gl.UNSIGNED_INT, 0);
    else gl.drawElements(gl.POINTS, points, gl.UNSIGNED_INT, 0);
  }
}

function linked(gl: WebGL2RenderingContext): WebGLProgram {
  const program = gl.createProgram();
  for (const [type, source] of [
    [gl.VERTEX_SHADER, VERTEX],
    [gl.FRAGMENT_SHADER, FRAGMENT],
  ] as const) {
    const shader = gl.createShader(type)!;
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) {
    throw new Error(`the 3-D view does not run here: ${gl.getProgramInfoLog(program) ?? ""}`);
  }
  return program;
}
