using System.Text.Json.Nodes;
using FluentAssertions;
using TorchSharp;
using ViSurf.Core.Common;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Models.Weights;
using ViSurf.Core.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Models.Weights;

public sealed class CheckpointDirectoryTests : IDisposable
{
    private const string Model = "qwen2_5_vl_tied";
    private readonly TemporaryDirectory _folder = new();
    private readonly DisposeScope _scope = NewDisposeScope();

    private string Target => _folder.File("saved");

    /// <summary>Every checkpoint among the fixtures, so a family that is added is covered.</summary>
    public static TheoryData<string> Checkpoints => [.. Directory.GetDirectories(Fixtures.Root)
        .Where(d => File.Exists(Path.Combine(d, "config.json")) && Directory.EnumerateFiles(d, "model*.safetensors").Any())
        .Select(d => Path.GetFileName(d)!).Order(StringComparer.Ordinal)];

    [Fact]
    public void The_fixtures_hold_checkpoints() => Checkpoints.Count.Should().BeGreaterThan(2);

    [Theory]
    [MemberData(nameof(Checkpoints))]
    public void Load_save_load_is_equal_bit_by_bit_in_one_file_and_in_shards(string model)
    {
        foreach (var type in new[] { ScalarType.Float32, ScalarType.BFloat16 })
            foreach (var limit in new[] { long.MaxValue, 200_000 })
            {
                using var policy = QwenVlPolicy.Load(Fixtures.PathOf(model), TestDevice.Value, type);
                policy.Save(Target, new SaveOptions { MaxShardBytes = limit });
                var files = Directory.GetFiles(Target, "model*.safetensors");
                (files.Length == 1).Should().Be(limit == long.MaxValue);
                File.Exists(Path.Combine(Target, CheckpointReader.Index)).Should().Be(limit != long.MaxValue);
                using var again = QwenVlPolicy.Load(Target, TestDevice.Value, type);
                Equal(again, policy);
            }
    }

    [Theory]
    [MemberData(nameof(Checkpoints))]
    public void Weights_saved_in_their_own_dtype_are_the_bytes_they_were_read_from(string model)
    {
        using var policy = QwenVlPolicy.Load(Fixtures.PathOf(model), TestDevice.Value);
        using var source = CheckpointReader.Open(Fixtures.PathOf(model));
        source.Names.Select(n => source.Entry(n).Type).Distinct().Should().Equal(ScalarType.BFloat16);
        // Float32 in memory holds bfloat16 exactly, so storing bfloat16 again rounds nothing.
        policy.Save(Target, new SaveOptions { Type = ScalarType.BFloat16 });
        using var saved = CheckpointReader.Open(Target);
        var left = saved.Names.Select(n => Convert.ToHexString(Bytes(saved, n))).Order(StringComparer.Ordinal);
        var right = source.Names.Select(n => Convert.ToHexString(Bytes(source, n))).Order(StringComparer.Ordinal);
        left.Should().Equal(right, "the same tensors under whichever names");
    }

    [Theory]
    [MemberData(nameof(Checkpoints))]
    public void Every_side_file_is_carried_over_byte_for_byte(string model)
    {
        using var source = TemporaryDirectory.CopyOf(model);
        foreach (var name in new[] { "LICENSE", "notes.txt", "spiece.model", "video_preprocessor_config.json" }) File.WriteAllText(source.File(name), name);
        foreach (var name in new[] { "pytorch_model.bin", "pytorch_model.bin.index.json", "consolidated.pth", ".gitattributes", "README.md" }) File.WriteAllText(source.File(name), name);
        Directory.CreateDirectory(source.File(".cache"));
        Directory.CreateDirectory(source.File("runs"));
        using (var policy = QwenVlPolicy.Load(source.Path, TestDevice.Value, ScalarType.BFloat16)) policy.Save(Target);

        string[] left = ["pytorch_model.bin", "pytorch_model.bin.index.json", "consolidated.pth", ".gitattributes", "README.md", CheckpointReader.Index];
        var expected = Directory.GetFiles(source.Path).Select(f => Path.GetFileName(f)!).Where(n => !left.Contains(n) && !n.EndsWith(".safetensors", StringComparison.Ordinal)).ToArray();
        expected.Should().Contain(["config.json", "tokenizer.json", "chat_template.jinja", "preprocessor_config.json", "LICENSE"]);
        Directory.GetFileSystemEntries(Target).Select(f => Path.GetFileName(f)!).Should().BeEquivalentTo([.. expected, "model.safetensors"]);
        // The fixtures are stored in bfloat16 and say so: their config.json does not change either.
        foreach (var name in expected) File.ReadAllBytes(Path.Combine(Target, name)).Should().Equal(File.ReadAllBytes(source.File(name)), name);
        QwenPromptEncoder.Load(Target).EncodeAnswer("red").Should().Equal(QwenPromptEncoder.Load(source.Path).EncodeAnswer("red"));
    }

    [Fact]
    public void The_configuration_names_the_stored_dtype_wherever_it_named_one_and_nothing_else_changes()
    {
        using var policy = QwenVlPolicy.Load(Fixtures.PathOf(Model), TestDevice.Value);
        policy.Save(Target);
        var before = JsonNode.Parse(File.ReadAllText(Fixtures.PathOf(Model, "config.json")))!.AsObject();
        var after = JsonNode.Parse(File.ReadAllText(Path.Combine(Target, "config.json")))!.AsObject();
        after["dtype"]!.GetValue<string>().Should().Be("float32");
        foreach (var part in new[] { before, before["text_config"] as JsonObject, before["vision_config"] as JsonObject }.OfType<JsonObject>())
            foreach (var key in new[] { "dtype", "torch_dtype" }.Where(part.ContainsKey))
                part[key] = "float32";
        JsonNode.DeepEquals(after, before).Should().BeTrue();
    }

    [Theory]
    [InlineData("""{"torch_dtype": "bfloat16", "a": 1e-06}""", ScalarType.Float16, """{"torch_dtype":"float16","a":1e-06}""")]
    [InlineData("""{"dtype": null, "text_config": {"dtype": "float32"}, "vision_config": 3}""", ScalarType.BFloat16, """{"dtype":"bfloat16","text_config":{"dtype":"bfloat16"},"vision_config":3}""")]
    [InlineData("""{"a": "ß"}""", ScalarType.Float32, """{"a":"ß","torch_dtype":"float32"}""")]
    [InlineData("""{ "torch_dtype":   "float32" }""", ScalarType.Float32, """{ "torch_dtype":   "float32" }""")]
    public void A_configuration_of_either_age_is_brought_to_agree(string config, ScalarType stored, string expected)
    {
        var named = System.Text.Encoding.UTF8.GetString(ConfigType.Name(System.Text.Encoding.UTF8.GetBytes(config), stored));
        (named == config ? named : named.ReplaceLineEndings("").Replace("  ", "", StringComparison.Ordinal).Replace(": ", ":", StringComparison.Ordinal)).Should().Be(expected);
    }

    [Fact]
    public void A_tied_head_is_stored_once_and_the_header_says_what_transformers_asks_for()
    {
        using var policy = QwenVlPolicy.Load(Fixtures.PathOf(Model), TestDevice.Value);
        policy.Save(Target);
        using var file = SafeTensorsReader.Open(Path.Combine(Target, "model.safetensors"));
        file.Metadata["format"].Should().Be("pt");
        file.Entries.Keys.Should().Contain("model.embed_tokens.weight").And.NotContain("lm_head.weight");
        file.Entries.Values.Sum(e => e.Bytes).Should().Be(policy.Weights().Sum(w => w.Value.numel()) * 4);
    }

    [Fact]
    public void A_save_that_fails_in_the_middle_leaves_the_previous_one_whole()
    {
        using var policy = QwenVlPolicy.Load(Fixtures.PathOf(Model), TestDevice.Value);
        policy.Save(Target);
        var before = Contents(Target);
        // The last shard cannot be written: two of its tensors have one name. Those before it can.
        (string, Tensor)[] weights = [.. policy.Weights().Select(w => (w.Name, w.Value.Plus(1))), ("twice", ones(2)), ("twice", ones(2))];
        var save = () => CheckpointDirectory.Save(Target, SideFiles.Read(Target), weights, new SaveOptions { MaxShardBytes = 100_000 });
        save.Should().Throw<ArgumentException>().WithMessage("*'twice'*");
        Contents(Target).Should().Equal(before);
        Directory.GetFileSystemEntries(_folder.Path).Should().Equal(Target);
        using var again = QwenVlPolicy.Load(Target, TestDevice.Value);
        Equal(again, policy);
    }

    [Fact]
    public void A_policy_can_be_saved_over_its_own_directory_and_after_that_directory_has_gone()
    {
        using (var first = QwenVlPolicy.Load(Fixtures.PathOf(Model), TestDevice.Value)) first.Save(Target);
        using var policy = QwenVlPolicy.Load(Target, TestDevice.Value);
        using (no_grad()) policy.Weights()[0].Value.PlusInPlace(1);
        policy.Save(Target);
        Directory.Delete(Target, recursive: true);
        policy.Save(Target);
        using var again = QwenVlPolicy.Load(Target, TestDevice.Value);
        Equal(again, policy);
        QwenPromptEncoder.Load(Target).StopIds.Should().Equal(QwenPromptEncoder.Load(Fixtures.PathOf(Model)).StopIds);
    }

    [Fact]
    public void A_directory_of_somebody_else_is_refused_by_name_unless_told()
    {
        using var theirs = TemporaryDirectory.CopyOf(Model);
        using var policy = QwenVlPolicy.Load(theirs.Path, TestDevice.Value);
        var before = Contents(theirs.Path);
        var save = () => policy.Save(theirs.Path);
        save.Should().Throw<IOException>().WithMessage("*other files (chat_template.jinja*ask to overwrite*");
        Contents(theirs.Path).Should().Equal(before);
        policy.Save(theirs.Path, new SaveOptions { Overwrite = true });
        policy.Save(theirs.Path);
        using var again = QwenVlPolicy.Load(theirs.Path, TestDevice.Value);
        Equal(again, policy);
    }

    [Fact]
    public void A_file_that_was_added_to_our_directory_makes_it_the_users_again()
    {
        using var policy = QwenVlPolicy.Load(Fixtures.PathOf(Model), TestDevice.Value);
        policy.Save(Target, new SaveOptions { MaxShardBytes = 100_000 });
        File.WriteAllText(Path.Combine(Target, "results.csv"), "a");
        var save = () => policy.Save(Target);
        save.Should().Throw<IOException>().WithMessage("*1 other files (results.csv)*");
        File.Delete(Path.Combine(Target, "results.csv"));
        save.Should().NotThrow();
        Directory.GetFiles(Target, "*.safetensors").Should().ContainSingle("the shards of before are gone");
    }

    [Fact]
    public void What_is_no_checkpoint_is_not_replaced_even_when_told()
    {
        using var policy = QwenVlPolicy.Load(Fixtures.PathOf(Model), TestDevice.Value);
        Directory.CreateDirectory(Target);
        File.WriteAllText(Path.Combine(Target, "thesis.doc"), "");
        var save = () => policy.Save(Target, new SaveOptions { Overwrite = true });
        save.Should().Throw<IOException>().WithMessage("*with config.json and without folders*thesis.doc*");
        File.WriteAllText(Path.Combine(Target, "config.json"), "");
        Directory.CreateDirectory(Path.Combine(Target, "runs"));
        save.Should().Throw<IOException>().WithMessage("*without folders*");
        File.Exists(Path.Combine(Target, "thesis.doc")).Should().BeTrue();
    }

    [Fact]
    public void A_read_only_place_is_an_error_and_changes_nothing()
    {
        if (!OperatingSystem.IsLinux()) return;
        using var policy = QwenVlPolicy.Load(Fixtures.PathOf(Model), TestDevice.Value);
        var place = Directory.CreateDirectory(_folder.File("place"), UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute).FullName;
        File.SetUnixFileMode(_folder.Path, File.GetUnixFileMode(_folder.Path) | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
        var save = () =>
        {
            using var nobody = new Unprivileged();
            policy.Save(Path.Combine(place, "saved"));
        };
        save.Should().Throw<UnauthorizedAccessException>().WithMessage("*place*");
        Directory.GetFileSystemEntries(place).Should().BeEmpty();
    }

    [Fact]
    public void Only_floating_point_can_be_asked_for_and_integers_stay()
    {
        var ask = () => new SaveOptions { Type = ScalarType.Int8 };
        ask.Should().Throw<ArgumentException>().WithMessage("*Int8*");
        SafeTensorsWriter.Write(_folder.File("a"), [("steps", tensor(new long[] { 1L << 40 })), ("x", ones(3))], ScalarType.BFloat16, []);
        using var file = SafeTensorsReader.Open(_folder.File("a"));
        file.Read("steps")[0].item<long>().Should().Be(1L << 40);
        file.Entries["x"].Type.Should().Be(ScalarType.BFloat16);
    }

    public void Dispose()
    {
        _scope.Dispose();
        _folder.Dispose();
    }

    private static byte[] Bytes(CheckpointReader reader, string name)
    {
        var entry = reader.Entry(name);
        using var memory = empty(entry.Shape.ToArray(), entry.Type);
        reader.ReadInto(name, memory);
        return TestDevice.BytesOf(memory);
    }

    private static void Equal(QwenVlPolicy actual, QwenVlPolicy expected)
    {
        actual.Weights().Select(w => w.Name).Should().Equal(expected.Weights().Select(w => w.Name));
        foreach (var (mine, theirs) in actual.Weights().Zip(expected.Weights()))
            TestDevice.BytesOf(mine.Value).AsSpan().SequenceEqual(TestDevice.BytesOf(theirs.Value)).Should().BeTrue(mine.Name);
    }

    private static string[] Contents(string directory)
        => [.. Directory.GetFiles(directory).Order(StringComparer.Ordinal).Select(f => $"{Path.GetFileName(f)} {Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(f)))}")];
}
