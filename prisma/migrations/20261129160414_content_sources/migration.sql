-- AlterTable
ALTER TABLE "notes" ADD COLUMN     "sources" TEXT[] DEFAULT ARRAY[]::TEXT[];

-- AlterTable
ALTER TABLE "tasks" ADD COLUMN     "sources" TEXT[] DEFAULT ARRAY[]::TEXT[];

-- AlterTable
ALTER TABLE "tool_calls" ADD COLUMN     "sources" TEXT[] DEFAULT ARRAY[]::TEXT[];
