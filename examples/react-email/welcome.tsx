import { Body, Button, Container, Head, Heading, Html, Preview, Text } from "@react-email/components";

export function Welcome({ name, url }: { readonly name: string; readonly url: string }) {
  return (
    <Html lang="en">
      <Head />
      <Preview>Your account is ready.</Preview>
      <Body style={{ fontFamily: "sans-serif" }}>
        <Container>
          <Heading>Welcome, {name}</Heading>
          <Text>Your account is ready.</Text>
          <Button href={url}>Have a look</Button>
        </Container>
      </Body>
    </Html>
  );
}
