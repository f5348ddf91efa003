using System.Buffers.Binary;
using FluentAssertions;
using ViSurf.Core.Models.Weights;
using ViSurf.Core.Tests.Support;
using Xunit;

namespace ViSurf.Core.Tests.Models.Weights;

/// <summary>
/// A header that lies is refused in words about the header: no key of a dictionary, no kind of token, nothing quoted at length.
/// </summary>
public sealed class HeaderMessagesTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    [Theory]
    [InlineData("""{"x":{"dtype":"F32","shape":[2]}}""", "*tensor 'x' has no list as data_offsets*")]
    [InlineData("""{"x":{"dtype":"F32","shape":2,"data_offsets":[0,8]}}""", "*tensor 'x' has no list as shape*")]
    [InlineData("""{"x":{"dtype":"F32","shape":["2"],"data_offsets":[0,8]}}""", "*tensor 'x' has \"2\" in its shape instead of "
        + "a whole number*")]
    [InlineData("""{"x":{"dtype":"F32","shape":[1e999],"data_offsets":[0,8]}}""", "*tensor 'x' has 1e999 in its shape*")]
    [InlineData("""{"x":{"dtype":32,"shape":[2],"data_offsets":[0,8]}}""", "*dtype*'x', got no text*")]
    [InlineData("""{"x":7}""", "*tensor 'x' is no object*")]
    [InlineData("""[1]""", "*a header that is no JSON object*")]
    [InlineData("""{"__metadata__":{"format":1},"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""",
        "*__metadata__ is no object of texts*")]
    [InlineData("""{"x":""", "*a header that is not JSON (an end inside an object or a list at line 1, byte 6)*")]
    [InlineData("""{"x":{"dtype":"F32","shape":["\ud800"],"data_offsets":[0,8]}}""", "*tensor 'x' has*in its shape*")]
    public void What_is_wrong_is_said_by_tensor_and_key(string header, string message)
        => FluentActions.Invoking(() => Open(header)).Should().Throw<InvalidDataException>().WithMessage(message).Which.Message.Should()
            .Contain("model.safetensors").And.NotContainAny("requires an element", "given key", "identified items",
                "could not be converted");

    [Theory]
    [InlineData("""{"x":{"dtype":"NAME","shape":[2],"data_offsets":[0,8]}}""")]
    [InlineData("""{"NAME":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}""")]
    [InlineData("""{"NAME":7}""")]
    public void Nothing_is_quoted_at_length(string header)
        => FluentActions.Invoking(() => Open(header.Replace("NAME", new string('N', 100_000), StringComparison.Ordinal))).Should()
            .Throw<InvalidDataException>()
            .Which.Message.Length.Should().BeLessThan(1000);

    public void Dispose() => _folder.Dispose();

    private void Open(string header)
    {
        var json = System.Text.Encoding.UTF8.GetBytes(header);
        var prefix = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(prefix, json.Length);
        File.WriteAllBytes(_folder.File("model.safetensors"), [.. prefix, .. json, .. new byte[8]]);
        SafeTensorsReader.Open(_folder.File("model.safetensors")).Dispose();
    }
}
