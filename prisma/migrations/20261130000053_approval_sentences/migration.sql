-- AlterTable
ALTER TABLE "tool_policies" ADD COLUMN     "sentence" TEXT,
ADD COLUMN     "sentence_tool" TEXT;
