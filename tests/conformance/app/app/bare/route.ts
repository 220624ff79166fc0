/** A route that does nothing but read its message and answer: what the endpoint's speed is measured against. */
export async function POST(request: Request): Promise<Response> {
  return Response.json({ id: (await request.json()).id })
}

/** A route that does nothing at all. */
export function GET(): Response {
  return Response.json({ ok: true })
}
