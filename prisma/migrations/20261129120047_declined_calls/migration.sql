-- AlterEnum
ALTER TYPE "ToolCallStatus" ADD VALUE 'declined';
