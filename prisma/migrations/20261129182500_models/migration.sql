-- AlterTable
ALTER TABLE "runs" ADD COLUMN     "fallbacks" JSONB,
ADD COLUMN     "offered_model_id" TEXT,
ADD COLUMN     "provider" TEXT;

-- AlterTable
ALTER TABLE "threads" ADD COLUMN     "model_choice" TEXT;

-- AlterTable
ALTER TABLE "tool_calls" ADD COLUMN     "model" TEXT,
ADD COLUMN     "provider" TEXT;

-- AlterTable
ALTER TABLE "users" ADD COLUMN     "model_choice" TEXT;

-- CreateTable
CREATE TABLE "model_providers" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "base_url" TEXT NOT NULL,
    "api" TEXT NOT NULL,
    "sealed_secrets" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "model_providers_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "offered_models" (
    "id" TEXT NOT NULL,
    "provider_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "description" TEXT,
    "model" TEXT NOT NULL,
    "enabled" BOOLEAN NOT NULL DEFAULT true,
    "context_tokens" INTEGER NOT NULL,
    "max_output_tokens" INTEGER,
    "capabilities" JSONB NOT NULL,
    "prices" JSONB,
    "audience" JSONB NOT NULL,
    "uses" TEXT[],
    "is_default" BOOLEAN NOT NULL DEFAULT false,
    "fallback_id" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "offered_models_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "model_providers_name_key" ON "model_providers"("name");

-- CreateIndex
CREATE UNIQUE INDEX "offered_models_name_key" ON "offered_models"("name");

-- CreateIndex
CREATE INDEX "offered_models_provider_id_idx" ON "offered_models"("provider_id");

-- AddForeignKey
ALTER TABLE "offered_models" ADD CONSTRAINT "offered_models_provider_id_fkey" FOREIGN KEY ("provider_id") REFERENCES "model_providers"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- Row-level security: providers and models belong to no person.
DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['model_providers', 'offered_models'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY system ON %I USING ((SELECT app_is_system())) WITH CHECK ((SELECT app_is_system()))', t);
    END LOOP;
END
$$;
