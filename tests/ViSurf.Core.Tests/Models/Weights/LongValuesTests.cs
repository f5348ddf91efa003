using FluentAssertions;
using ViSurf.Core.Models.Adapters;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Tests.Support;
using Xunit;

namespace ViSurf.Core.Tests.Models.Weights;

/// <summary>A value of a file may be as long as the file: a message quotes its beginning and says how long it is.</summary>
public sealed class LongValuesTests
{
    private static readonly string Long = new('a', 30_000);

    [Fact]
    public void The_family_of_a_checkpoint_is_quoted_in_part()
    {
        using var directory = new TemporaryDirectory();
        File.WriteAllText(Path.Combine(directory.Path, "config.json"), $$"""{"model_type": "{{Long}}"}""");
        Said(() => QwenVlConfigReader.Read(directory.Path)).Should()
            .Contain("config.json").And.Contain("model_type").And.Contain("30000 characters");
    }

    [Theory]
    [InlineData("""{"peft_type": "LONG"}""", "peft_type")]
    [InlineData("""{"peft_type": "LORA", "LONG": 1}""", "option")]
    [InlineData("""{"peft_type": "LORA", "init_lora_weights": "LONG"}""", "init_lora_weights")]
    public void The_settings_of_an_adapter_are_quoted_in_part(string json, string key)
    {
        using var directory = new TemporaryDirectory();
        var path = Path.Combine(directory.Path, "adapter_config.json");
        File.WriteAllText(path, json.Replace("LONG", Long, StringComparison.Ordinal));
        Said(() => PeftConfigFile.Read(path)).Should().Contain("adapter_config.json").And.Contain(key);
    }

    private static string Said(Action read)
    {
        var message = read.Should().Throw<InvalidDataException>().Which.Message;
        message.Length.Should().BeLessThan(1500);
        return message;
    }
}
