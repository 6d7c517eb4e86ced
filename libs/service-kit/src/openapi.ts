import 'reflect-metadata';
import { Pipeline } from '@baton/messaging';
import { type INestApplication, Module, type Provider } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { DataSource } from 'typeorm';
import { DeadLettersController } from './dead-letters.js';
import { withProblems } from './problem-docs.js';
import { CONFIG, type ServiceDefinition } from './service.js';
import { BASE_CONFIG, PIPELINE } from './tokens.js';

@Module({})
class DescribedModule {}

/** The OpenAPI 3.1 document of a service, generated from its controllers. */
export const openApiOf = (app: INestApplication, { name, doc }: ServiceDefinition): OpenAPIObject =>
  withProblems(
    SwaggerModule.createDocument(
      app,
      new DocumentBuilder()
        .setOpenAPIVersion('3.1.0')
        .setTitle(`Baton ${name}`)
        .setDescription(doc)
        .setVersion('1')
        .build(),
    ),
  );

/** The same document without a database, a transport or a port: no class of the service is instantiated. */
export const describeOpenApi = async (definition: ServiceDefinition): Promise<OpenAPIObject> => {
  // Nest checks that everything can be injected; in its preview nothing is.
  const providers: Provider[] = [CONFIG, BASE_CONFIG, PIPELINE, Pipeline, DataSource].map((provide) => ({
    provide,
    useValue: {},
  }));
  const app = await NestFactory.create(
    {
      module: DescribedModule,
      global: true,
      imports: [definition.module],
      controllers: definition.entities.length > 0 ? [DeadLettersController] : [],
      providers,
      exports: providers,
    },
    { preview: true, logger: false, abortOnError: false },
  );
  return openApiOf(app, definition);
};

/** Serves a document at `/openapi.json`. */
export const serveOpenApi = (app: INestApplication, document: OpenAPIObject): void => {
  app.getHttpAdapter().get('/openapi.json', (_: unknown, response: { json(body: unknown): void }) => {
    response.json(document);
  });
};
