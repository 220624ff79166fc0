/**
 * A route that only parses its message and answers. The endpoint's speed is measured against it.
 */
export async function POST(request: Request): Promise<Response> {
  return Response.json({ id: (await request.json()).id })
}

/** A route that does nothing. */
export function GET(): Response {
  return Response.json({ ok: true })
}
