using System.Buffers.Binary;
using System.Text;
using FluentAssertions;
using TorchSharp;
using ViSurf.Core.Common;
using ViSurf.Core.Models.Weights;
using ViSurf.Core.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Models.Weights;

public sealed class SafeTensorsTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();
    private readonly DisposeScope _scope = NewDisposeScope();

    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.Float16)]
    [InlineData(ScalarType.BFloat16)]
    [InlineData(ScalarType.Int64)]
    public void What_is_written_is_read_back_bit_by_bit(ScalarType type)
    {
        var values = randn(3, 5).Times(10).to_type(type);
        SafeTensorsWriter.Write(_folder.File("a.safetensors"), [("x", values), ("empty", zeros([0, 4], type))]);
        using var reader = SafeTensorsReader.Open(_folder.File("a.safetensors"));
        reader.Entries["x"].Type.Should().Be(type);
        reader.Entries["x"].Shape.Should().Equal(3, 5);
        reader.Read("x").to(TestDevice.Value).eq(values).all().item<bool>().Should().BeTrue();
        reader.Read("empty").shape.Should().Equal(0, 4);
    }

    [Fact]
    public void A_bfloat16_tensor_fills_float32_memory_with_the_same_numbers()
    {
        var stored = randn(4, 4).to_type(ScalarType.BFloat16);
        SafeTensorsWriter.Write(_folder.File("a.safetensors"), [("x", stored)]);
        using var reader = SafeTensorsReader.Open(_folder.File("a.safetensors"));
        var destination = zeros(4, 4);
        reader.ReadInto("x", destination);
        destination.eq(stored.to_type(ScalarType.Float32)).all().item<bool>().Should().BeTrue();
    }

    [Fact]
    public void A_file_cut_anywhere_is_refused_when_it_is_opened()
    {
        SafeTensorsWriter.Write(_folder.File("whole"), [("x", ScalarOps.Range(6).to_type(ScalarType.Float32)), ("y", ones(2))]);
        var whole = File.ReadAllBytes(_folder.File("whole"));
        for (var length = 0; length < whole.Length; length++)
        {
            File.WriteAllBytes(_folder.File("cut"), whole[..length]);
            var open = () => SafeTensorsReader.Open(_folder.File("cut")).Dispose();
            open.Should().Throw<InvalidDataException>("only {0} of {1} bytes are there", length, whole.Length).WithMessage("*cut*Fetch the file again or, where it was written here, take another checkpoint.");
        }
    }

    [Theory]
    [InlineData("""{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}""", "*'x'*")]
    [InlineData("""{"x":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}""", "*'x'*")]
    [InlineData("""{"x":{"dtype":"F32","shape":[9223372036854775807,8],"data_offsets":[0,8]}}""", "*'x'*")]
    [InlineData("""{"x":{"dtype":"F8_E4M3","shape":[8],"data_offsets":[0,8]}}""", "*F8_E4M3*")]
    [InlineData("""{"x":{"shape":[2]}}""", "*header*")]
    [InlineData("""[1,2,3]""", "*header*")]
    public void A_header_that_lies_is_refused_with_the_tensors_name(string header, string message)
    {
        var json = System.Text.Encoding.UTF8.GetBytes(header);
        var bytes = new byte[8 + json.Length + 8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, json.Length);
        json.CopyTo(bytes, 8);
        File.WriteAllBytes(_folder.File("lie"), bytes);
        var open = () => SafeTensorsReader.Open(_folder.File("lie")).Dispose();
        open.Should().Throw<InvalidDataException>().WithMessage(message);
    }

    [Fact]
    public void Shards_hold_together_what_one_file_would()
    {
        var tensors = Enumerable.Range(0, 5).Select(i => ($"t{i}", randn(10).Plus(i))).ToArray();
        CheckpointWriter.Write(_folder.Path, tensors, maxShardBytes: 90);   // 40 bytes each: two to a shard
        Directory.GetFiles(_folder.Path, "model-*-of-00003.safetensors").Should().HaveCount(3);
        using var reader = CheckpointReader.Open(_folder.Path);
        reader.Names.Should().BeEquivalentTo(tensors.Select(t => t.Item1));
        foreach (var (name, value) in tensors)
        {
            var read = zeros(10);
            reader.ReadInto(name, read);
            read.eq(value).all().item<bool>().Should().BeTrue();
        }
    }

    [Fact]
    public void A_missing_shard_is_named()
    {
        CheckpointWriter.Write(_folder.Path, [("a", ones(10)), ("b", ones(10))], maxShardBytes: 40);
        File.Delete(_folder.File("model-00002-of-00002.safetensors"));
        var open = () => CheckpointReader.Open(_folder.Path).Dispose();
        open.Should().Throw<FileNotFoundException>().WithMessage("*model-00002-of-00002.safetensors*");
    }

    [Fact]
    public void An_index_cannot_reach_outside_its_directory()
    {
        File.WriteAllText(_folder.File("model.safetensors.index.json"), """{"weight_map":{"a":"../other.safetensors"}}""");
        var open = () => CheckpointReader.Open(_folder.Path).Dispose();
        open.Should().Throw<InvalidDataException>().WithMessage("*../other.safetensors*");
    }

    public void Dispose()
    {
        _scope.Dispose();
        _folder.Dispose();
    }
}
