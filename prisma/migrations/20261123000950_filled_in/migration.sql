-- Which arguments of a call the session filled in, whatever the model said.
ALTER TABLE "tool_calls" ADD COLUMN "filled_in" TEXT[] NOT NULL DEFAULT ARRAY[]::TEXT[];
