using System.Buffers.Binary;
using FluentAssertions;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Models.Weights;
using ViSurf.Core.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Models.Weights;

/// <summary>Weight files that lie: refused with a clear error, at once, without allocating what they claim.</summary>
[Collection(Alone.Name)]
public sealed class HostileFilesTests : IDisposable
{
    private const long Megabyte = 1_000_000;
    private readonly TemporaryDirectory _folder = new();

    [Theory]
    [InlineData("""{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}""", "*'x'*[2]*0..4*")]
    [InlineData("""{"x":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}""", "*'x'*-8..0*")]
    [InlineData("""{"x":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}""", "*'x'*8..16 of 8*")]
    [InlineData("""{"x":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}""", "*'x'*8..0*")]
    [InlineData("""{"x":{"dtype":"F32","shape":[25000000000],"data_offsets":[0,100000000000]}}""", "*'x'*0..100000000000 of 8*")]
    [InlineData("""{"x":{"dtype":"F32","shape":[2],"data_offsets":[-9223372036854775808,9223372036854775807]}}""", "*'x'*")]
    [InlineData("""{"x":{"dtype":"F32","shape":[9223372036854775807,8],"data_offsets":[0,8]}}""", "*'x'*")]
    // 2³² four times is 2¹²⁸, which is 0 in 64 and in 128 bits.
    [InlineData("""{"x":{"dtype":"F32","shape":[4294967296,4294967296,4294967296,4294967296],"data_offsets":[0,0]}}""", "*'x'*0..0*")]
    [InlineData("""{"x":{"dtype":"F32","shape":[9223372036854775807,9223372036854775807,0],"data_offsets":[0,0]}}""", "*'x'*")]
    [InlineData("""{"x":{"dtype":"F32","shape":[-1,-2],"data_offsets":[0,8]}}""", "*'x'*[-1, -2]*")]
    [InlineData("""{"x":{"dtype":"F32","shape":[1.5],"data_offsets":[0,8]}}""", "*header*")]
    [InlineData("""{"x":{"dtype":"F32","shape":[1e999],"data_offsets":[0,8]}}""", "*header*")]
    [InlineData("""{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8,16]}}""", "*'x'*3 numbers*")]
    [InlineData("""{"x":{"dtype":"F32","shape":[2],"data_offsets":[0]}}""", "*'x'*1 offsets*")]
    [InlineData("""{"a":{"dtype":"U8","shape":[6],"data_offsets":[0,6]},"b":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}}""", "*'b'*overlap*")]
    [InlineData("""{"a":{"dtype":"U8","shape":[8],"data_offsets":[0,8]},"b":{"dtype":"U8","shape":[8],"data_offsets":[0,8]}}""", "*overlap*")]
    [InlineData("""{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}}""", "*'b'*leave a hole*")]
    [InlineData("""{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}""", "*6 bytes after the last tensor*")]
    [InlineData("""{"x":{"dtype":"F8_E4M3","shape":[8],"data_offsets":[0,8]}}""", "*F8_E4M3*")]
    [InlineData("""{"x":{"dtype":null,"shape":[8],"data_offsets":[0,8]}}""", "*dtype*'x'*")]
    [InlineData("""{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", "*'x'*")]
    [InlineData("""{"x":{"dtype":"F32","shape":[1],"shape":[2],"data_offsets":[0,8]}}""", "*'shape'*")]
    [InlineData("""{"x":{"shape":[2]}}""", "*header*")]
    [InlineData("""{"x":[]}""", "*header*")]
    [InlineData("""[1,2,3]""", "*header*")]
    [InlineData("""{"__metadata__":[],"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", "*header*")]
    [InlineData("""{"\ud800":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", "*header*")]
    [InlineData("""{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}} x""", "*header*")]
    public void A_header_that_lies_is_refused(string header, string message)
    {
        Write(System.Text.Encoding.UTF8.GetBytes(header), dataBytes: 8);
        Refused(() => SafeTensorsReader.Open(_folder.File("model.safetensors")).Dispose(), message, 1 * Megabyte);
    }

    [Theory]
    [InlineData(100_000_000_000UL)]      // 100 GB
    [InlineData(99_000_000UL)]           // within the format's limit, beyond the file
    [InlineData(ulong.MaxValue)]
    [InlineData(1UL << 63)]
    [InlineData(0UL)]
    public void A_header_length_beyond_the_file_is_refused_before_it_is_allocated(ulong length)
    {
        var bytes = new byte[100];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, length);
        File.WriteAllBytes(_folder.File("model.safetensors"), bytes);
        Refused(() => SafeTensorsReader.Open(_folder.File("model.safetensors")).Dispose(), $"*a header of {length} bytes in a file of 100*", 1 * Megabyte);
    }

    [Fact]
    public void Deep_nesting_is_refused()
    {
        Write(System.Text.Encoding.UTF8.GetBytes(new string('[', 100_000)), 0);
        Refused(() => SafeTensorsReader.Open(_folder.File("model.safetensors")).Dispose(), "*header*", 1 * Megabyte);
    }

    [Fact]
    public void A_shape_of_a_million_sizes_is_refused()
    {
        Write(System.Text.Encoding.UTF8.GetBytes($$"""{"x": {"dtype": "F32", "shape": [{{string.Join(',', Enumerable.Repeat("1", 1_000_000))}}], "data_offsets": [0, 4]} }"""), 4);
        Refused(() => SafeTensorsReader.Open(_folder.File("model.safetensors")).Dispose(), "*1000000 numbers as shape*", 50 * Megabyte);
    }

    [Theory]
    [InlineData("../other.safetensors")]
    [InlineData("/etc/other.safetensors")]
    [InlineData("a/b.safetensors")]
    [InlineData("..\\other.safetensors")]
    [InlineData("C:other.safetensors")]
    [InlineData("..")]
    [InlineData("")]
    [InlineData("config.json")]
    public void An_index_names_files_of_its_own_directory_only(string shard)
    {
        File.WriteAllText(_folder.File("model.safetensors.index.json"), System.Text.Json.JsonSerializer.Serialize(new { weight_map = new { a = shard } }));
        Refused(() => CheckpointReader.Open(_folder.Path).Dispose(), $"*'{shard}'*index.json*", 1 * Megabyte);
    }

    [Theory]
    [InlineData("""{"weight_map":{"a":"b.safetensors","a":"c.safetensors"}}""")]
    [InlineData("""{"weight_map":{"a":1}}""")]
    [InlineData("""{"weight_map":[]}""")]
    [InlineData("""{}""")]
    [InlineData("""[]""")]
    [InlineData("")]
    public void An_index_that_is_none_is_refused(string index)
    {
        File.WriteAllText(_folder.File("model.safetensors.index.json"), index);
        Refused(() => CheckpointReader.Open(_folder.Path).Dispose(), "*index.json*", 1 * Megabyte);
    }

    [Theory]
    [InlineData("model.safetensors")]
    [InlineData("model-00001-of-00001.safetensors")]
    public void Weights_that_are_a_link_out_of_the_directory_are_refused(string name)
    {
        using var outside = new TemporaryDirectory();
        SafeTensorsWriter.Write(outside.File("secret.safetensors"), [("a", ones(1))]);
        File.CreateSymbolicLink(_folder.File(name), outside.File("secret.safetensors"));
        File.WriteAllText(_folder.File("model.safetensors.index.json"), """{"weight_map":{"a":"model-00001-of-00001.safetensors"}}""");
        Refused(() => CheckpointReader.Open(_folder.Path).Dispose(), $"*{name}' is a link to*secret.safetensors', outside its directory*", 1 * Megabyte);
    }

    [Fact]
    public void A_chain_of_links_and_a_folder_that_is_a_link_do_not_lead_out_either()
    {
        using var outside = new TemporaryDirectory();
        SafeTensorsWriter.Write(outside.File("model.safetensors"), [("a", ones(1))]);
        File.CreateSymbolicLink(_folder.File("second"), outside.File("model.safetensors"));
        File.CreateSymbolicLink(_folder.File("model.safetensors"), "second");
        Refused(() => CheckpointReader.Open(_folder.Path).Dispose(), "*is a link to*", 1 * Megabyte);
        File.Delete(_folder.File("model.safetensors"));
        Directory.CreateSymbolicLink(_folder.File("folder"), outside.Path);
        File.CreateSymbolicLink(_folder.File("model.safetensors"), "folder/model.safetensors");
        Refused(() => CheckpointReader.Open(_folder.Path).Dispose(), "*is a link to*", 1 * Megabyte);
    }

    [Fact]
    public void A_private_file_is_not_carried_into_what_is_published()
    {
        using var model = TemporaryDirectory.CopyOf("qwen2_5_vl_tied");
        File.WriteAllText(_folder.File("id_rsa"), "secret");
        File.CreateSymbolicLink(model.File("notes.txt"), _folder.File("id_rsa"));
        Refused(() => QwenVlPolicy.Load(model.Path, TestDevice.Value).Dispose(), "*notes.txt' is a link to*id_rsa', outside its directory*", 5 * Megabyte);
    }

    [Fact]
    public void The_layout_of_the_hubs_cache_loads_and_saves_as_plain_files()
    {
        // models--a--b/blobs/HASH, and snapshots/REVISION/NAME as a relative link to it; the user may name the snapshot by a link, too.
        var (blobs, snapshot) = (_folder.File("models--a--b/blobs"), _folder.File("models--a--b/snapshots/0123abcd"));
        Directory.CreateDirectory(blobs);
        Directory.CreateDirectory(snapshot);
        foreach (var file in Directory.GetFiles(Fixtures.PathOf("qwen2_5_vl_hub")))
        {
            var blob = Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(file)));
            File.Copy(file, Path.Combine(blobs, blob), overwrite: true);
            File.CreateSymbolicLink(Path.Combine(snapshot, Path.GetFileName(file)), $"../../blobs/{blob}");
        }
        Directory.CreateSymbolicLink(_folder.File("model"), snapshot);
        foreach (var named in new[] { snapshot, _folder.File("model") })
        {
            using var policy = QwenVlPolicy.Load(named, TestDevice.Value, ScalarType.BFloat16);
            using var plain = QwenVlPolicy.Load(Fixtures.PathOf("qwen2_5_vl_hub"), TestDevice.Value, ScalarType.BFloat16);
            foreach (var (linked, copied) in policy.Weights().Zip(plain.Weights())) TestDevice.BytesOf(linked.Value).AsSpan().SequenceEqual(TestDevice.BytesOf(copied.Value)).Should().BeTrue(linked.Name);
            policy.Save(_folder.File("saved"));
            Directory.GetFiles(_folder.File("saved")).Should().OnlyContain(f => new FileInfo(f).LinkTarget == null);
            File.ReadAllBytes(_folder.File("saved/tokenizer.json")).Should().Equal(File.ReadAllBytes(Fixtures.PathOf("qwen2_5_vl_hub", "tokenizer.json")));
        }
    }

    [Fact]
    public void A_side_file_of_a_gigabyte_is_refused_without_being_read()
    {
        foreach (var name in new[] { "config.json", "notes.txt", "tokenizer.json" })
        {
            using var copy = TemporaryDirectory.CopyOf("qwen2_5_vl_tied");
            using (var file = File.OpenWrite(copy.File(name))) file.SetLength(1L << 30);
            Refused(() =>
            {
                QwenVlPolicy.Load(copy.Path, TestDevice.Value).Dispose();
                QwenPromptEncoder.Load(copy.Path);
            }, $"*at most 64 MiB*{name}*", 20 * Megabyte);
        }
    }

    public void Dispose() => _folder.Dispose();

    private void Write(byte[] header, int dataBytes)
    {
        var bytes = new byte[8 + header.Length + dataBytes];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, header.Length);
        header.CopyTo(bytes, 8);
        File.WriteAllBytes(_folder.File("model.safetensors"), bytes);
    }

    private static void Refused(Action open, string message, long allocated) => Support.Refused.With(open, message, allocated);
}
